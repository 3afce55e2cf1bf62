import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { ApiClient } from '../support/api-client.ts';
import { answering, beginEvents, deltaEvent, FakeUpstream, sending } from '../support/fake-upstream.ts';
import { createUpstreamChat, serveUpstream, type UpstreamServer } from '../support/upstream-server.ts';

/** Longest transcript and longest text of a receipt, in bytes of UTF-8. */
const MIB = 1_048_576;

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

describe('the text of a stream', function () {
  this.timeout(60_000);
  let upstream: FakeUpstream;
  let serving: UpstreamServer;
  let user: ApiClient;
  let chat: string;

  before(async () => {
    upstream = await FakeUpstream.start();
    serving = await serveUpstream(upstream, [
      ...['--streams-max-output-tokens', '1000000', '--model-max-tokens', '1000000'],
      ...['--model-context-tokens', '2000000'],
    ]);
    user = serving.user;
    const admin = await ApiClient.login(serving.server.urls, 'admin', 'admin@admin');
    await admin.post('accounting', '/api/credits/allocate', { userId: 'user1', credits: 100_000 });
  });
  after(async () => {
    await serving.server.dispose();
    await upstream.stop();
  });
  beforeEach(async () => {
    chat = await createUpstreamChat(user);
  });

  async function whole(text: string) {
    const reader = await user.start(chat, text);
    const end = await reader.toEnd();
    return { reader, end };
  }

  it('is cut nowhere inside a character, wherever the model cuts it', async () => {
    const text = 'a😀b👩‍👩‍👧‍👦c𝒳';
    upstream.next(answering(...text.split('')));
    const { reader, end } = await whole('Emoji?');
    expect(reader.text).to.equal(text);
    for (const { type, data } of reader.events) {
      if (type === 'chunk') expect(data.text.isWellFormed(), JSON.stringify(data.text)).to.equal(true);
    }
    expect(end?.data.textSha256).to.equal(sha256(text));
    const partial = await user.update(chat, reader.streamId, 'a😀b');
    expect(partial.body).to.include({ receipt: 'partial', receivedCharacters: 3 });
  });

  it('may hold whatever JSON can carry, in the stream, the chat and the receipt', async () => {
    const text =
      'nul \0, line\u2028paragraph\u2029, \ufeff, \u202e, "quotes", \\, \r\n\n, data: x\n\nevent: done';
    upstream.next(answering(...(text.match(/[\s\S]{1,3}/g) ?? [])));
    const { reader, end } = await whole('Odd?');
    expect(reader.text).to.equal(text);
    expect(end?.data.finishReason).to.equal('stop');
    const { messages } = (await user.get('chat', `/api/chat/sessions/${chat}/messages`)).body;
    expect(messages.at(-1).content).to.equal(text);
    expect((await user.update(chat, reader.streamId, text)).body.receipt).to.equal('exact');
  });

  it('ends at 1 MiB of UTF-8 with length, and that much is a receipt', async () => {
    const piece = 'é'.repeat(4_096);
    upstream.next((response) => {
      beginEvents(response);
      for (let sent = 0; sent < 2 * MIB; sent += 2 * piece.length)
        response.write(deltaEvent({ content: piece }));
      response.end(deltaEvent({}, 'stop'));
    });
    const { reader, end } = await whole('Long?');
    expect(Buffer.byteLength(reader.text)).to.equal(MIB);
    expect(end?.data).to.include({ finishReason: 'length', textSha256: sha256(reader.text) });
    const tooLong = await user.update(chat, reader.streamId, `${reader.text}x`);
    expect([tooLong.status, tooLong.body.errors?.[0].path]).to.deep.equal([400, 'completeResponse']);
    const tooLarge = await user.update(chat, reader.streamId, 'x'.repeat(4 * MIB));
    expect([tooLarge.status, tooLarge.body.code]).to.deep.equal([413, 'request.too_large']);
    expect((await user.update(chat, reader.streamId, reader.text)).body.receipt).to.equal('exact');
    const replay = await user.resume(chat);
    await replay.toEnd();
    expect(replay.events).to.deep.equal(reader.events);
  });

  it('may be empty, and so may its receipt', async () => {
    upstream.next(answering());
    const { reader, end } = await whole('Silence?');
    expect(reader.events.map(({ type }) => type)).to.deep.equal(['session', 'done']);
    expect(end?.data).to.include({ finishReason: 'stop', textSha256: sha256('') });
    expect((await user.update(chat, reader.streamId, '')).body.receipt).to.equal('exact');
  });

  it('is told as a whole to who asks without a stream, with the slot, the credit and the faults of one', async () => {
    const path = `/api/chat/sessions/${chat}/messages`;
    upstream.next(answering('Like', ' this.'));
    const sent = await user.post('chat', path, { message: 'How?' });
    expect(sent.body).to.include({ sessionId: chat, aiResponse: 'Like this.', tokensUsed: 9 });
    upstream.next(sending('data: {"error":{"message":"secret words of the upstream"}}\n\n'));
    const failed = await user.post('chat', path, { message: 'How?' });
    expect([failed.status, failed.body.code]).to.deep.equal([502, 'model.failed']);
    expect(JSON.stringify(failed.body)).not.to.contain('secret');
    upstream.next((response) => beginEvents(response));
    const running = await user.start(chat, 'Hm?');
    const busy = await user.post('chat', path, { message: 'How?' });
    expect([busy.status, busy.headers.get('x-should-retry')]).to.deep.equal([409, 'false']);
    await user.stop(chat, running.streamId);
    await running.toEnd();
  });

  it('is cut off, without an end, from whoever logs out; the stream goes on for who comes back', async () => {
    let finish = (): void => undefined;
    upstream.next((response) => {
      beginEvents(response);
      response.write(deltaEvent({ content: 'Half' }));
      finish = () => response.end(deltaEvent({ content: ' and half' }) + deltaEvent({}, 'stop'));
    });
    const { urls } = serving.server;
    const tab = await ApiClient.login(urls, 'user1', 'User1@123');
    const reader = await tab.start(chat, 'Well?');
    await reader.until(({ text }) => text === 'Half');
    const since = performance.now();
    expect((await tab.post('auth', '/api/auth/logout', {})).status).to.equal(200);
    expect(await reader.toEnd()).to.equal(undefined);
    expect(performance.now() - since).to.be.lessThan(1_000);
    expect((await tab.resume(chat)).response.status).to.equal(401);
    const back = await user.resume(chat, reader.cursor);
    finish();
    await back.toEnd();
    expect(reader.text + back.text).to.equal('Half and half');
  });
});
