import { expect } from 'chai';
import { OpenAiCompletionModel } from '../../../src/adapters/outbound/openai/openai-completion-model.ts';
import type { UpstreamSettings } from '../../../src/adapters/outbound/openai/upstream-settings.ts';
import { SystemTimers } from '../../../src/adapters/outbound/system/system-timers.ts';
import { GptTokenCounter } from '../../../src/adapters/outbound/tokenizer/gpt-token-counter.ts';
import {
  completionRequest,
  describeCompletionModel,
  partsOf,
  textOf,
} from '../../contracts/completion-model.ts';
import {
  answering,
  DONE_EVENT,
  deltaEvent,
  FakeUpstream,
  sending,
  sendingInPieces,
  stallingAfter,
  usageEvent,
  wholeAnswer,
} from '../../support/fake-upstream.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { RecordingLog } from '../../support/recording-log.ts';

const tokens = new GptTokenCounter();
const log = new RecordingLog();

const modelAt = (url: string, settings: Partial<UpstreamSettings> = {}): OpenAiCompletionModel =>
  new OpenAiCompletionModel(
    { tokens, clock: new ManualClock(), timers: new SystemTimers(), log },
    { url, model: 'upstream-name', ...settings },
  );

describeCompletionModel('OpenAiCompletionModel', async () => {
  const upstream = await FakeUpstream.start(answering('One', ' two', ' three'));
  return {
    model: modelAt(upstream.url),
    stallNext: () => upstream.next(stallingAfter(deltaEvent({ content: 'One' }))),
    close: () => upstream.stop(),
  };
});

describe('OpenAiCompletionModel', () => {
  let upstream: FakeUpstream;
  let model: OpenAiCompletionModel;
  beforeEach(async () => {
    upstream = await FakeUpstream.start();
    model = modelAt(upstream.url);
  });
  afterEach(() => upstream.stop());

  const answerTo = (body: string) => {
    upstream.next(sending(body));
    return partsOf(model.stream(completionRequest()));
  };

  it('sends the prompt, the maximum and the wish for usage, and nothing else', async () => {
    const messages = [
      { role: 'system' as const, content: 'Be brief.' },
      { role: 'user' as const, content: 'Half a pair: \ud83d' },
    ];
    await partsOf(model.stream(completionRequest({ messages, maxOutputTokens: 300 })));
    const request = await upstream.request(0);
    expect(request.path).to.equal('/v1/chat/completions');
    expect(request.headers).to.not.have.property('authorization');
    expect(request.body).to.deep.equal({
      model: 'upstream-name',
      messages: [messages[0], { role: 'user', content: 'Half a pair: \ufffd' }],
      stream: true,
      stream_options: { include_usage: true },
      max_tokens: 300,
    });
  });

  it('presents its key as a bearer token', async () => {
    await partsOf(modelAt(`${upstream.url}/`, { apiKey: 'sk-secret' }).stream(completionRequest()));
    const { headers, path } = await upstream.request(0);
    expect(headers.authorization).to.equal('Bearer sk-secret');
    expect(path).to.equal('/v1/chat/completions');
  });

  it('shows the text as it was, though writes end in the middle of code points', async () => {
    const text = 'Größe 漢字 👩‍👩‍👧‍👦 ende';
    const bytes = new TextEncoder().encode(wholeAnswer([text], { prompt_tokens: 1, completion_tokens: 9 }));
    upstream.next(sendingInPieces(Array.from(bytes, (byte) => Uint8Array.of(byte))));
    expect(textOf(await partsOf(model.stream(completionRequest())))).to.equal(text);
  });

  it('passes on a surrogate pair that two chunks escape by halves', async () => {
    const halves = deltaEvent({ content: '\ud83d' }) + deltaEvent({ content: '\ude00' });
    expect(textOf(await answerTo(halves + deltaEvent({}, 'stop') + DONE_EVENT))).to.equal('😀');
  });

  it('reads events with any line end, comments, and chunks of no interest', async () => {
    const body = `: processing\r\n\r\ndata:${JSON.stringify({ choices: [{ delta: { content: 'a' } }] })}\r\n\r\n`;
    const odd =
      'data: {"choices":null}\n\ndata: {"choices":[]}\n\nid: 7\ndata: {"choices":[{"delta":{"content":null}}]}\n\n';
    expect(textOf(await answerTo(body + odd + deltaEvent({ content: 'b' }, 'stop') + DONE_EVENT))).to.equal(
      'ab',
    );
  });

  it('counts reasoning and does not show it', async () => {
    for (const field of ['reasoning_content', 'reasoning']) {
      const parts = await answerTo(
        deltaEvent({ [field]: 'thinking about it' }) + deltaEvent({ content: 'yes' }, 'stop') + DONE_EVENT,
      );
      expect(parts.slice(0, 2)).to.deep.equal([
        { kind: 'delta', text: '', tokens: 3 },
        { kind: 'delta', text: 'yes', tokens: 1 },
      ]);
    }
  });

  it('tells a maximum that was reached from an end', async () => {
    const end = (reason: string) =>
      answerTo(deltaEvent({ content: 'a' }) + deltaEvent({}, reason) + DONE_EVENT);
    expect((await end('length')).at(-1)).to.include({ finishReason: 'length' });
    expect((await end('content_filter')).at(-1)).to.include({ finishReason: 'stop' });
  });

  it('takes an explicit usage of zero for usage', async () => {
    const parts = await answerTo(wholeAnswer(['a'], { prompt_tokens: 0, completion_tokens: 0 }));
    expect(parts.at(-1)).to.deep.equal({
      kind: 'end',
      finishReason: 'stop',
      usage: { inputTokens: 0, outputTokens: 0 },
    });
  });

  it('reports no usage when there is none, or none that can be true', async () => {
    const untrue = [
      undefined,
      null,
      {},
      'many',
      { prompt_tokens: 1 },
      { prompt_tokens: -1, completion_tokens: 5 },
      { prompt_tokens: 1.5, completion_tokens: 5 },
      { prompt_tokens: '1', completion_tokens: 5 },
      { prompt_tokens: 1, completion_tokens: 1e21 },
      { prompt_tokens: 10, completion_tokens: 2_000_000 },
    ];
    for (const usage of untrue) {
      const parts = await answerTo(wholeAnswer(['a'], usage));
      expect(parts.at(-1), JSON.stringify(usage)).to.deep.equal({ kind: 'end', finishReason: 'stop' });
    }
    expect(log.lines.map(({ message }) => message)).to.include('The upstream reported an impossible usage');
  });

  it('takes an answer for whole that ends after its last token, without [DONE]', async () => {
    const parts = await answerTo(
      deltaEvent({ content: 'a' }, 'stop') + usageEvent({ prompt_tokens: 1, completion_tokens: 1 }),
    );
    expect(parts.at(-1)).to.deep.include({ usage: { inputTokens: 1, outputTokens: 1 } });
  });

  it('closes the socket within 100 ms of an abort, in 99 of 100 cases', async () => {
    const delaysMs: number[] = [];
    for (let round = 0; round < 100; round += 1) {
      upstream.next(stallingAfter(deltaEvent({ content: 'a' })));
      const controller = new AbortController();
      const iterator = model.stream(completionRequest({ signal: controller.signal }));
      await iterator.next();
      const { closed } = await upstream.request(round);
      const waiting = iterator.next().catch((error: unknown) => error);
      const startMs = performance.now();
      controller.abort(new Error('stop'));
      await closed;
      delaysMs.push(performance.now() - startMs);
      await waiting;
    }
    expect(delaysMs.sort((left, right) => left - right)[98]).to.be.below(100);
  });

  it('closes the socket when the reader leaves early', async () => {
    upstream.next(stallingAfter(deltaEvent({ content: 'a' })));
    for await (const part of model.stream(completionRequest())) {
      expect(part).to.include({ text: 'a' });
      break;
    }
    await (await upstream.request(0)).closed;
  });

  it('refuses a URL or a key of another form, and does not repeat the key', () => {
    for (const url of ['ftp://h/v1', 'http://u:p@h/v1', 'http://h/v1?x=1', 'http://h/v1#x', 'nonsense']) {
      expect(() => modelAt(url), url).to.throw(TypeError, 'http or https');
    }
    expect(() => modelAt(upstream.url, { apiKey: 'two\nlines' }))
      .to.throw(TypeError)
      .and.not.match(/two/);
  });
});
