import { expect } from 'chai';
import { OpenAiCompletionModel } from '../../../src/adapters/outbound/openai/openai-completion-model.ts';
import { UPSTREAM_LIMITS } from '../../../src/adapters/outbound/openai/upstream-settings.ts';
import { GptTokenCounter } from '../../../src/adapters/outbound/tokenizer/gpt-token-counter.ts';
import { DomainError } from '../../../src/domain/domain-error.ts';
import { completionRequest, failureOf, partsOf } from '../../contracts/completion-model.ts';
import {
  beginEvents,
  breakingAfter,
  DONE_EVENT,
  deltaEvent,
  eventOf,
  FakeUpstream,
  refusing,
  sending,
  silent,
  stallingAfter,
  type UpstreamBehaviour,
} from '../../support/fake-upstream.ts';
import { ManualTimers } from '../../support/manual-timers.ts';
import { RecordingLog } from '../../support/recording-log.ts';

const KEY = 'sk-very-secret';
const WORDS = 'the upstream said this';

describe('OpenAiCompletionModel, when the upstream fails', () => {
  let upstream: FakeUpstream;
  let timers: ManualTimers;
  let model: OpenAiCompletionModel;
  beforeEach(async () => {
    upstream = await FakeUpstream.start();
    timers = new ManualTimers();
    model = modelAt(upstream.url);
  });
  afterEach(() => upstream.stop());

  const modelAt = (url: string): OpenAiCompletionModel =>
    new OpenAiCompletionModel(
      { tokens: new GptTokenCounter(), clock: timers.clock, timers, log: new RecordingLog() },
      { url, model: 'm', apiKey: KEY },
    );

  const failureAfter = async (behaviour: UpstreamBehaviour): Promise<DomainError> => {
    upstream.next(behaviour);
    const failure = await failureOf(model.stream(completionRequest()));
    expect(failure).to.be.instanceOf(DomainError);
    return failure as DomainError;
  };

  it('keeps the words of a refusal for the log, without the key', async () => {
    for (const status of [400, 401, 404, 429, 500, 503]) {
      const failure = await failureAfter(refusing(status, `{"error":"${WORDS}, ${KEY}"}`));
      expect(failure.code).to.equal('model.failed');
      expect(failure.message).to.not.contain(WORDS);
      expect(failure.details.internal).to.include({ upstreamStatus: status });
      expect(JSON.stringify(failure.details)).to.contain(WORDS).and.not.contain(KEY);
    }
  });

  it('tells how long to wait when the upstream says so, in seconds or as a date, at most ten minutes', async () => {
    const date = new Date(timers.clock.nowMs() + 30_000).toUTCString();
    const cases: Array<[string, number | undefined]> = [
      ['7', 7_000],
      [date, 30_000],
      ['86400', 600_000],
      ['soon', undefined],
    ];
    for (const [header, expected] of cases) {
      const failure = await failureAfter(refusing(429, '{}', { 'retry-after': header }));
      expect(failure.details.retryAfterMs, header).to.equal(expected);
    }
  });

  it('follows no redirect, and so takes the key nowhere else', async () => {
    const other = await FakeUpstream.start();
    const failure = await failureAfter(refusing(307, '', { location: `${other.url}/chat/completions` }));
    expect(failure.code).to.equal('model.failed');
    expect(other.requests).to.have.length(0);
    await other.stop();
  });

  it('fails on an answer that is no event stream', async () => {
    const failure = await failureAfter(refusing(200, '{"choices":[]}'));
    expect(failure.details.internal).to.include({ reason: 'not an event stream' });
  });

  it('fails on an error in the middle, in each of its forms', async () => {
    const start = deltaEvent({ content: 'a' });
    const forms = [
      eventOf({ error: { message: WORDS } }),
      `event: error\ndata: ${WORDS}\n\n`,
      `error: ${WORDS}\n\n`,
      `data: ${WORDS}\n\n`,
      'data: [1]\n\n',
    ];
    for (const form of forms) {
      const failure = await failureAfter(sending(start + form + DONE_EVENT));
      expect(failure.code, form).to.equal('model.failed');
      expect(failure.message).to.not.contain(WORDS);
    }
  });

  it('yields what came before an error', async () => {
    upstream.next(sending(deltaEvent({ content: 'kept' }) + eventOf({ error: { message: WORDS } })));
    const iterator = model.stream(completionRequest());
    expect((await iterator.next()).value).to.include({ text: 'kept' });
    expect(await iterator.next().catch((error: unknown) => error)).to.be.instanceOf(DomainError);
  });

  it('fails on a connection that breaks or ends in the middle, or was never there', async () => {
    const start = deltaEvent({ content: 'a' });
    expect((await failureAfter(breakingAfter(start))).code).to.equal('model.failed');
    expect((await failureAfter(sending(start))).code).to.equal('model.failed');
    expect((await failureAfter((response) => void response.destroy())).code).to.equal('model.failed');
    const gone = await FakeUpstream.start();
    const { url } = gone;
    await gone.stop();
    const failure = await failureOf(modelAt(url).stream(completionRequest()));
    expect(failure).to.have.property('code', 'model.failed');
  });

  it('gives up on a line of more than 1 MiB', async () => {
    const failure = await failureAfter((response) => {
      beginEvents(response);
      const pour = (): void => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
      };
      response.write('data: ');
      response.on('drain', pour);
      pour();
    });
    expect(failure.details.internal).to.include({ reason: 'max-buffer-size-exceeded' });
    await (await upstream.request(0)).closed;
  });

  /** Starts a stream, waits until the upstream has the request and lets the limit pass. */
  const tooSlow = async (behaviour: UpstreamBehaviour, deltas: number, limitMs: number): Promise<unknown> => {
    upstream.next(behaviour);
    const iterator = model.stream(completionRequest());
    for (let delta = 0; delta < deltas; delta += 1) await iterator.next();
    const next = iterator.next().catch((error: unknown) => error);
    const request = await upstream.request(0);
    await timers.advance(limitMs - 1);
    await timers.advance(2);
    await request.closed;
    return next;
  };

  it('gives up on a server that never answers', async () => {
    const failure = await tooSlow(silent, 0, UPSTREAM_LIMITS.firstTokenMs);
    expect(failure).to.have.property('code', 'model.too_slow');
  });

  it('gives up on a server that sends only comments and empty chunks', async () => {
    const failure = await tooSlow(
      stallingAfter(`: wait\n\n${deltaEvent({ role: 'assistant', content: '' })}`),
      0,
      UPSTREAM_LIMITS.firstTokenMs,
    );
    expect(failure).to.have.property('code', 'model.too_slow');
  });

  it('gives up on a server that falls silent in the middle', async () => {
    const failure = await tooSlow(stallingAfter(deltaEvent({ content: 'a' })), 1, UPSTREAM_LIMITS.idleMs);
    expect(failure).to.have.property('code', 'model.too_slow');
  });

  it('does not count the time that its own reader takes', async () => {
    upstream.next(sending(deltaEvent({ content: 'a' }) + deltaEvent({ content: 'b' }, 'stop') + DONE_EVENT));
    const iterator = model.stream(completionRequest());
    await iterator.next();
    await timers.advance(10 * UPSTREAM_LIMITS.idleMs);
    expect((await iterator.next()).value).to.include({ text: 'b' });
    expect((await iterator.next()).value).to.include({ kind: 'end' });
  });

  it('ends without usage when only the usage does not come', async () => {
    upstream.next(stallingAfter(deltaEvent({ content: 'a' }, 'stop')));
    const parts = partsOf(model.stream(completionRequest()));
    const { closed } = await upstream.request(0);
    const isOver = closed.then(() => true);
    while (!(await Promise.race([isOver, timers.advance(UPSTREAM_LIMITS.usageMs / 50).then(() => false)])));
    expect((await parts).at(-1)).to.deep.equal({ kind: 'end', finishReason: 'stop' });
  });

  it('leaves no timer behind', async () => {
    await partsOf(model.stream(completionRequest()));
    await failureAfter(refusing(500, '{}'));
    expect(timers.sleeping).to.equal(0);
  });
});
