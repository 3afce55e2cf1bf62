import { expect } from 'chai';
import { ApiClient, type WireEvent } from '../support/api-client.ts';
import {
  answering,
  beginEvents,
  breakingAfter,
  DONE_EVENT,
  deltaEvent,
  FakeUpstream,
  refusing,
  sending,
  silent,
  stallingAfter,
  type UpstreamBehaviour,
  usageEvent,
  wholeAnswer,
} from '../support/fake-upstream.ts';
import { holdfast } from '../support/holdfast-command.ts';
import type { RunningServer } from '../support/running-server.ts';
import {
  createUpstreamChat,
  creditOf,
  serveUpstream,
  startUpstreamStream,
  TOKEN_PRICE,
  UPSTREAM_MODEL_ID,
} from '../support/upstream-server.ts';

/** Streams that are stopped one after the other to see how fast their upstream's socket closes. */
const STOPS = 100;
/** What 99 of 100 stops may take until the upstream's socket has closed, in milliseconds. */
const STOP_P99_MS = 100;
/** How much slower a loaded test machine may be than what is promised. */
const MACHINE_ALLOWANCE = 3;

const hello = deltaEvent({ content: 'Hello' });

describe('a model behind HTTP', () => {
  let upstream: FakeUpstream;
  let server: RunningServer;
  let user: ApiClient;

  before(async () => {
    upstream = await FakeUpstream.start();
    ({ server, user } = await serveUpstream(upstream));
  });
  after(async () => {
    await server.dispose();
    await upstream.stop();
  });

  /** Streams one answer to its end, and what it really cost. */
  async function streamed(
    behaviour: UpstreamBehaviour,
  ): Promise<{ end: WireEvent | undefined; text: string; paid: number; chat: string; id: string }> {
    const before = await creditOf(user);
    upstream.next(behaviour);
    const { chat, reader } = await startUpstreamStream(user);
    expect(reader.response.status).to.equal(200);
    const end = await reader.toEnd();
    const after = await creditOf(user);
    expect(after.heldCredits, 'nothing stays held').to.equal(0);
    const paid = Number((before.availableCredits - after.availableCredits).toFixed(6));
    expect(paid, 'what the end says is what was paid').to.equal(end?.data.creditsCharged);
    return { end, text: reader.text, paid, chat, id: reader.streamId };
  }

  const priceOf = (tokens: number): number => Number((tokens * TOKEN_PRICE).toFixed(6));

  it('charges the usage that the upstream reports', async () => {
    const { end, text, paid } = await streamed(answering('Hello', ' world'));
    expect(text).to.equal('Hello world');
    expect(end?.type).to.equal('done');
    expect(end?.data).to.include({ inputTokens: 7, outputTokens: 2, tokensUsed: 9, finishReason: 'stop' });
    expect(paid).to.equal(priceOf(9));
  });

  it('charges nothing for an explicit usage of zero', async () => {
    const usage = { prompt_tokens: 0, completion_tokens: 0 };
    const { end, paid } = await streamed(sending(wholeAnswer(['Hello'], usage)));
    expect([end?.type, end?.data.tokensUsed, paid]).to.deep.equal(['done', 0, 0]);
  });

  const unusable: ReadonlyArray<readonly [string, unknown]> = [
    ['none', undefined],
    ['null', null],
    ['a negative one', { prompt_tokens: -5, completion_tokens: -5 }],
    ['one beyond the hold', { prompt_tokens: 5_000_000, completion_tokens: 5_000_000 }],
    ['half of one', { completion_tokens: 1 }],
  ];
  for (const [what, usage] of unusable) {
    it(`counts the tokens itself when the upstream reports ${what} for usage`, async () => {
      const { end, paid } = await streamed(sending(wholeAnswer(['Hello', ' world'], usage)));
      expect(end?.data.outputTokens).to.equal(2);
      expect(end?.data.inputTokens).to.be.within(3, 100);
      expect(paid).to.equal(priceOf(end?.data.tokensUsed));
    });
  }

  const refusals: ReadonlyArray<readonly [string, UpstreamBehaviour]> = [
    ['is overloaded (429)', refusing(429, '{"error":"secret words"}', { 'retry-after': '7' })],
    ['breaks (500)', refusing(500, '{"error":"secret words"}')],
    ['sends an error for an answer', sending('data: {"error":{"message":"secret words"}}\n\n')],
    ['answers with something else', (response) => void response.end('<html>secret words</html>')],
    ['hangs up before a token', breakingAfter(deltaEvent({ role: 'assistant', content: '' }))],
    ['hangs up without an answer', (response) => void response.destroy()],
  ];
  for (const [what, behaviour] of refusals) {
    it(`charges nothing and gives the hold back when the upstream ${what}`, async () => {
      const { end, paid, chat, text, id } = await streamed(behaviour);
      expect(end?.type).to.equal('error');
      expect(end?.data).to.include({ code: 'model.failed', tokensUsed: 0, retryable: true });
      expect([paid, text]).to.deep.equal([0, '']);
      expect(JSON.stringify(end?.data), 'the words of the upstream stay in the log').not.to.contain('secret');
      const { status, body } = await user.update(chat, id, '');
      expect([status, body.receipt]).to.deep.equal([200, 'exact']);
    });
  }

  it('bills and keeps what was produced when the upstream hangs up in the middle', async () => {
    const { end, text, paid, chat } = await streamed(breakingAfter(hello + deltaEvent({ content: ' wor' })));
    expect(end?.type).to.equal('error');
    expect(end?.data).to.include({ code: 'model.failed' });
    expect(text).to.equal('Hello wor');
    expect(end?.data.tokensUsed).to.be.greaterThan(2);
    expect(paid).to.equal(priceOf(end?.data.tokensUsed));
    const { messages } = (await user.get('chat', `/api/chat/sessions/${chat}/messages`)).body;
    expect(messages.at(-1)).to.deep.include({ role: 'assistant', content: 'Hello wor' });
    expect(messages.at(-1).metadata.state).to.equal('failed');
  });

  it('bills reasoning and does not show it', async () => {
    const thoughts = Array.from({ length: 20 }, () => deltaEvent({ reasoning_content: ' thinking' })).join(
      '',
    );
    const body = `${thoughts}${hello}${deltaEvent({}, 'stop')}${DONE_EVENT}`;
    const { end, text } = await streamed(sending(body));
    expect(text).to.equal('Hello');
    expect(end?.data.outputTokens).to.equal(21);
  });

  it('says that the model reached its maximum', async () => {
    const { end } = await streamed(sending(`${hello}${deltaEvent({}, 'length')}${DONE_EVENT}`));
    expect([end?.type, end?.data.finishReason]).to.deep.equal(['done', 'length']);
  });

  it('cuts an upstream that ignores the maximum, and charges no more than the hold', async () => {
    upstream.next(async (response) => {
      beginEvents(response);
      const many = deltaEvent({ content: ' word'.repeat(500) }).repeat(20);
      response.on('error', () => undefined);
      response.end(`${many}${usageEvent({ prompt_tokens: 1, completion_tokens: 1 })}${DONE_EVENT}`);
    });
    const { reader } = await startUpstreamStream(user);
    const end = await reader.toEnd();
    expect([end?.type, end?.data.finishReason]).to.deep.equal(['done', 'length']);
    expect(end?.data.outputTokens).to.equal(upstream.requests.at(-1)?.body.max_tokens);
  });

  it('says so when it is the credit that ends the answer', async () => {
    const anonymous = { username: 'poor', email: 'poor@example.org', password: 'a long enough password' };
    await user.post('auth', '/api/auth/signup', anonymous);
    const poor = await ApiClient.login(server.urls, anonymous.username, anonymous.password);
    const admin = await ApiClient.login(server.urls, 'admin', 'admin@admin');
    await admin.post('accounting', '/api/credits/allocate', { userId: 'poor', credits: 0.5 });
    upstream.next(sending(`${hello}${deltaEvent({}, 'length')}${DONE_EVENT}`));
    const { reader } = await startUpstreamStream(poor);
    const end = await reader.toEnd();
    expect([end?.type, end?.data.finishReason]).to.deep.equal(['done', 'credit']);
    expect(upstream.requests.at(-1)?.body.max_tokens).to.be.within(256, 500);
  });

  it('answers a message without a wire, and with 502 when the model fails', async () => {
    const chat = await createUpstreamChat(user);
    const send = () =>
      user.post('chat', `/api/chat/sessions/${chat}/messages`, { message: 'Hi', modelId: UPSTREAM_MODEL_ID });
    const good = await send();
    expect(good.status).to.equal(200);
    expect(good.body).to.include({ aiResponse: 'Hello world', tokensUsed: 9, sessionId: chat });
    const before = await creditOf(user);
    upstream.next(refusing(500, 'secret words'));
    const bad = await send();
    expect([bad.status, bad.body.code]).to.deep.equal([502, 'model.failed']);
    expect(JSON.stringify(bad.body)).not.to.contain('secret');
    expect(await creditOf(user)).to.deep.equal(before);
    const broke = new ApiClient(server.urls, await pennilessToken());
    const refused = await broke.post('chat', `/api/chat/sessions/${await broke.createChat()}/messages`, {
      message: 'Hi',
    });
    expect([refused.status, refused.body.code]).to.deep.equal([402, 'credit.insufficient']);
  });

  async function pennilessToken(): Promise<string> {
    const account = { username: 'broke', email: 'broke@example.org', password: 'a long enough password' };
    await user.post('auth', '/api/auth/signup', account);
    return (await user.post('auth', '/api/auth/login', account)).body.accessToken;
  }

  it('holds, streams and stops while the upstream says nothing', async () => {
    const before = await creditOf(user);
    upstream.next(silent);
    const number = upstream.requests.length;
    const { chat, reader } = await startUpstreamStream(user);
    const request = await upstream.request(number);
    const stopped = await user.stop(chat, reader.streamId);
    await request.closed;
    expect([stopped.status, stopped.body.state]).to.deep.equal([200, 'stopped']);
    expect(stopped.body.tokensUsed, 'the prompt was sent').to.be.greaterThan(0);
    const end = await reader.toEnd();
    expect(end?.data.finishReason).to.equal('stopped');
    const paid = before.availableCredits - (await creditOf(user)).availableCredits;
    expect(paid).to.be.closeTo(priceOf(stopped.body.tokensUsed), 1e-9);
  });

  it(`closes the upstream's socket at once when a stream is stopped, ${STOPS} times`, async () => {
    upstream.usual = stallingAfter(hello);
    const tookMs: number[] = [];
    for (let stopped = 0; stopped < STOPS; stopped += 1) {
      const number = upstream.requests.length;
      const { chat, reader } = await startUpstreamStream(user);
      await reader.until(({ text }) => text === 'Hello');
      const request = await upstream.request(number);
      const since = performance.now();
      const closed = request.closed.then(() => performance.now() - since);
      const answer = await user.stop(chat, reader.streamId);
      expect(answer.status).to.equal(200);
      tookMs.push(await closed);
      await reader.cut();
    }
    tookMs.sort((a, b) => a - b);
    const p99 = tookMs[Math.ceil(STOPS * 0.99) - 1] ?? Number.POSITIVE_INFINITY;
    expect(p99, `p50 ${tookMs[STOPS / 2]} ms`).to.be.below(STOP_P99_MS * MACHINE_ALLOWANCE);
  });

  it('leaves a store without a fault', async () => {
    const { code, stdout, stderr } = await holdfast(['doctor', '--data', server.data]);
    expect(code, stdout + stderr).to.equal(0);
  });
});
