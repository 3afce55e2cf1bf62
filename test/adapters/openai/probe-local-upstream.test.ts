import { expect } from 'chai';
import { probeLocalUpstream } from '../../../src/adapters/outbound/openai/probe-local-upstream.ts';
import { FakeUpstream, refusing, silent } from '../../support/fake-upstream.ts';

describe('probeLocalUpstream', () => {
  let upstream: FakeUpstream;
  beforeEach(async () => {
    upstream = await FakeUpstream.start();
  });
  afterEach(() => upstream.stop());

  const portOf = ({ url }: FakeUpstream): number => Number(new URL(url).port);

  it('names a server and its models, and leaves out names that a console should not show', async () => {
    const data = [{ id: 'llama3.2:3b' }, { id: '\u001b[31mred' }, { id: 7 }, null];
    upstream.next(refusing(200, JSON.stringify({ data })));
    expect(await probeLocalUpstream([portOf(upstream)])).to.deep.equal({
      url: upstream.url,
      models: ['llama3.2:3b'],
    });
    expect((await upstream.request(0)).path).to.equal('/v1/models');
  });

  it('passes over what refuses, talks nonsense, has no models, says too much or never answers', async () => {
    const others = [
      refusing(404, '{}'),
      refusing(307, '', { location: '/v1/other' }),
      refusing(200, 'hello'),
      refusing(200, 'null'),
      refusing(200, '{"data":[]}'),
      refusing(200, `{"data":[{"id":"m"}],"x":"${'x'.repeat(100_000)}"}`),
      silent,
    ];
    for (const behaviour of others) {
      upstream.next(behaviour);
      expect(await probeLocalUpstream([portOf(upstream)])).to.equal(undefined);
    }
    expect(upstream.requests).to.have.length(others.length);
  });
});
