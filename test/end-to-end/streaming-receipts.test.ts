import { expect } from 'chai';
import { type Answer, ApiClient, type EventReader } from '../support/api-client.ts';
import { RunningServer } from '../support/running-server.ts';

/** A well-formed id that nobody ever issued. */
const NEVER_ISSUED = 'stream-1700000000000-0f9a1c2d-3b4e-4f60-8a7b-9c0d1e2f3a4b';

describe('the receipt of a stream', function () {
  this.timeout(60_000);
  let server: RunningServer;
  let user: ApiClient;
  let other: ApiClient;
  let chat: string;

  before(async () => {
    server = await RunningServer.start(['--demo', '--model-pace', '200']);
    user = await ApiClient.login(server.urls, 'user1', 'User1@123');
    other = await ApiClient.login(server.urls, 'supervisor1', 'Supervisor1@');
  });
  after(() => server.dispose());
  beforeEach(async () => {
    chat = await user.createChat();
  });

  async function running(): Promise<EventReader> {
    const reader = await user.start(chat);
    await reader.until(({ text }) => text.length > 20);
    return reader;
  }

  async function ended(): Promise<EventReader> {
    const reader = await running();
    await user.stop(chat, reader.streamId);
    await reader.toEnd();
    return reader;
  }

  it('is refused with one answer for every wrong id, headers included', async () => {
    const older = await ended();
    const { streamId: id, text } = await ended();
    const foreignChat = await other.createChat();
    const foreign = await other.start(foreignChat);
    const ownOtherChat = await user.createChat();
    const elsewhere = await user.start(ownOtherChat);
    const wrong: unknown[] = [
      undefined,
      null,
      '',
      0,
      -1,
      1.5,
      true,
      false,
      [],
      [id],
      {},
      { id },
      'incorrect-id',
    ];
    wrong.push(older.streamId, foreign.streamId, elsewhere.streamId, NEVER_ISSUED, id.toUpperCase());
    wrong.push(` ${id}`, `${id} `, `${id}\n`, `${id}\0`, `\ud800${id}`, 'x'.repeat(100_000));
    const answers: Answer[] = [];
    for (const claimed of wrong) {
      for (const [completeResponse, tokensUsed] of [
        [text, 1],
        ['another text', undefined],
        [7, 'x'],
        ['a\0', -1],
      ]) {
        answers.push(await user.update(chat, claimed, completeResponse, tokensUsed));
      }
      answers.push(await user.stop(chat, claimed));
    }
    const told = answers.map(({ status, headers, body }) => {
      const named = [...headers].filter(([name]) => !['date', 'x-request-id'].includes(name));
      return JSON.stringify([status, named, { ...body, requestId: '' }]);
    });
    expect(new Set(told).size, [...new Set(told)].slice(0, 3).join('\n')).to.equal(1);
    expect(answers[0]?.status).to.equal(400);
    expect(answers[0]?.body).to.have.all.keys(
      'type',
      'title',
      'status',
      'detail',
      'code',
      'message',
      'requestId',
    );
    expect((await user.update(chat, id, text)).body.receipt, 'nothing was spoilt').to.equal('exact');
    await user.stop(ownOtherChat, elsewhere.streamId);
    await other.stop(foreignChat, foreign.streamId);
  });

  it('is looked at in order: who asks, his chat, its id, the other fields, the text', async () => {
    const { streamId: id, text } = await ended();
    const anonymous = new ApiClient(server.urls);
    const claims: unknown[] = [id, NEVER_ISSUED, undefined];
    const texts: unknown[] = [text, 'another text', 7, undefined, 'x'.repeat(1_048_577)];
    for (const claimed of claims) {
      for (const sent of texts) {
        expect((await anonymous.update(chat, claimed, sent)).status).to.equal(401);
        for (const [who, where] of [
          [other, chat],
          [user, 'no-such-chat'],
          [user, 'x'.repeat(2_000)],
        ] as const) {
          const answer = await who.update(where, claimed, sent);
          expect([answer.status, answer.body.code]).to.deep.equal([404, 'chat.not_found']);
        }
        const { body } = await user.update(chat, claimed, sent, claimed === id ? -1 : undefined);
        expect(body.code).to.equal(claimed === id ? 'request.invalid' : 'stream.id_mismatch');
      }
    }
    const tooLong = await user.update(chat, id, 'x'.repeat(1_048_577));
    expect([tooLong.status, tooLong.body.errors[0].path]).to.deep.equal([400, 'completeResponse']);
    expect((await user.update(chat, id, 'another text')).status).to.equal(422);
    expect((await user.update(chat, id, text)).status).to.equal(200);
  });

  it('of a beginning is partial, counts code points, and is answered again alike', async () => {
    const { streamId: id, text } = await ended();
    const first = await user.update(chat, id, text.slice(0, 7), 3);
    expect(first.body).to.include({ receipt: 'partial', receivedCharacters: 7, sessionId: chat });
    const again = await user.update(chat, id, text.slice(0, 7), 3);
    expect(again.body).to.deep.equal(first.body);
    expect(again.headers.get('idempotent-replayed')).to.equal('true');
    const changed = await user.update(chat, id, text, 3);
    expect([changed.status, changed.body.code]).to.deep.equal([422, 'stream.receipt_conflict']);
  });

  it('that races with itself stops the stream once, and every copy is told the same', async () => {
    for (let turn = 0; turn < 5; turn += 1) {
      const reader = await running();
      const { text } = reader;
      const answers = await Promise.all(
        Array.from({ length: 6 }, () => user.update(chat, reader.streamId, text)),
      );
      expect(answers.map(({ status }) => status)).to.deep.equal(answers.map(() => 200));
      expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).to.equal(1);
      expect(answers.filter(({ headers }) => !headers.has('idempotent-replayed'))).to.have.length(1);
      const end = await reader.toEnd();
      expect(end?.data.finishReason).to.equal('stopped');
      expect(answers[0]?.body.tokensUsed).to.equal(end?.data.tokensUsed);
      expect(answers[0]?.body.creditsCharged).to.equal(end?.data.creditsCharged);
    }
  });

  it('that races with another text lets one of them win, and the other is 422', async () => {
    for (let turn = 0; turn < 5; turn += 1) {
      const reader = await running();
      const texts = [1, 2, 3, 4].map((length) => reader.text.slice(0, length));
      const answers = await Promise.all(texts.map((text) => user.update(chat, reader.streamId, text)));
      expect(answers.map(({ status }) => status).sort()).to.deep.equal([200, 422, 422, 422]);
      const winner = answers.findIndex(({ status }) => status === 200);
      const again = await user.update(chat, reader.streamId, texts[winner]);
      expect(again.body).to.deep.equal(answers[winner]?.body);
    }
  });

  it('that races with a stop and with the end of the stream is always taken', async () => {
    for (let turn = 0; turn < 5; turn += 1) {
      const reader = await running();
      const { text, streamId } = reader;
      const [update, stop] = await Promise.all([
        user.update(chat, streamId, text),
        user.stop(chat, streamId),
      ]);
      expect([update.status, stop.status]).to.deep.equal([200, 200]);
      expect(update.body.receipt).to.be.oneOf(['stopped', 'partial', 'exact']);
      expect(stop.body).to.include({ sessionId: chat, streamingSessionId: streamId });
      expect(stop.body.state).to.be.oneOf(['stopped', 'accepted']);
      expect(stop.body.tokensUsed).to.equal(update.body.tokensUsed);
      const repeated = await user.stop(chat, streamId);
      expect(repeated.body).to.deep.equal({ ...stop.body, state: 'accepted' });
    }
    const whole = await user.start(chat, 'Hi');
    await whole.until(({ text }) => text.length > 0);
    const updates: Answer[] = [];
    const finished = whole.toEnd();
    for (let turn = 0; turn < 3; turn += 1) updates.push(await user.update(chat, whole.streamId, 'no such'));
    await user.stop(chat, whole.streamId);
    await finished;
    expect(updates.map(({ status }) => status)).to.deep.equal([422, 422, 422]);
    expect((await user.update(chat, whole.streamId, whole.text)).body.receipt).to.equal('exact');
  });

  it('of an older stream is refused once a newer one is told, running or ended', async () => {
    const old = await ended();
    const next = await user.start(chat);
    expect((await user.update(chat, old.streamId, old.text)).body.code).to.equal('stream.id_mismatch');
    await user.stop(chat, next.streamId);
    expect((await user.update(chat, old.streamId, old.text)).body.code).to.equal('stream.id_mismatch');
    await next.toEnd();
    expect((await user.update(chat, next.streamId, next.text)).status).to.equal(200);
  });

  it('has no id to name in a chat that never had a stream', async () => {
    for (const claimed of [NEVER_ISSUED, undefined, 'incorrect-id']) {
      const { status, body } = await user.update(chat, claimed, '');
      expect([status, body.code, body.message]).to.deep.equal([
        400,
        'stream.id_mismatch',
        'Streaming session ID mismatch',
      ]);
    }
    const bodiless = await user.send('chat', 'POST', `/api/chat/sessions/${chat}/update-stream`, undefined);
    expect(bodiless.body.code).to.equal('stream.id_mismatch');
  });
});
