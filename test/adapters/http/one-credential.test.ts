import { expect } from 'chai';
import { defineRoute } from '../../../src/adapters/inbound/http/route.ts';
import { type HttpHarness, serveRoutes } from '../../support/http-harness.ts';

const GOOD = 'Authorization: Bearer the-service-key';

describe('the one credential of a request', () => {
  let harness: HttpHarness;

  before(async () => {
    const closed = defineRoute({
      method: 'get',
      path: '/closed',
      operationId: 'closed',
      summary: 's',
      permission: 'service',
      answers: { 200: { description: 'done' } },
      handle: async () => ({ status: 200, body: {} }),
    });
    harness = await serveRoutes([closed]);
  });
  after(() => harness.close());

  const statusOf = async (...lines: string[]): Promise<string | undefined> => {
    const head = ['GET /closed HTTP/1.1', 'Host: localhost', 'Connection: close', ...lines].join('\r\n');
    return (await harness.raw(`${head}\r\n\r\n`)).split(' ')[1];
  };

  it('opens what it is good for, in any case of its scheme and header', async () => {
    expect(await statusOf(GOOD)).to.equal('200');
    expect(await statusOf('authorization: bearer the-service-key')).to.equal('200');
  });

  for (const [what, lines] of [
    ['a bad one behind a good one', [GOOD, 'Authorization: Bearer other']],
    ['a bad one before a good one', ['Authorization: Bearer other', GOOD]],
    ['the same one twice', [GOOD, GOOD]],
    ['an empty one', ['Authorization:']],
    ['two in one header', ['Authorization: Bearer the-service-key, Bearer other']],
  ] as const) {
    it(`is refused as ${what}`, async () => expect(await statusOf(...lines)).to.equal('401'));
  }
});
