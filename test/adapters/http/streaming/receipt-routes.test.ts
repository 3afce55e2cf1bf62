import { expect } from 'chai';
import { ChatService } from '../../../support/chat-service.ts';
import { ANNA, BERT } from '../../../support/stream-builders.ts';
import { StreamingWorld } from '../../../support/streaming-world.ts';

const UPDATE = '/api/chat/sessions/chat-1/update-stream';
const STOP = '/api/chat/sessions/chat-1/stop';

describe('the update route', () => {
  let world: StreamingWorld;
  let chat: ChatService;
  beforeEach(async () => {
    world = await StreamingWorld.create();
    chat = await ChatService.start(world);
  });
  afterEach(() => chat.close());

  const update = (body: unknown, who = 'anna') => chat.json(who, 'POST', UPDATE, { body });

  it('answers every wrong id with one body, on the update and on the stop', async () => {
    const { id } = await world.finish(1, 'text');
    const wrong = [
      undefined,
      null,
      '',
      7,
      {},
      [id],
      'incorrect-id-67890',
      `${id} `,
      id.toUpperCase(),
      `${id}\0`,
      '\ud800',
      'x'.repeat(100_000),
      JSON.parse(`${'['.repeat(50)}${']'.repeat(50)}`),
      'stream-1700000000000-0f9a1c2d-3b4e-4f60-8a7b-9c0d1e2f3a4b',
    ];
    const bodies = new Set<string>();
    for (const streamingSessionId of wrong) {
      for (const path of [UPDATE, STOP]) {
        const sent = { body: { completeResponse: 'text', streamingSessionId } };
        const { status, body } = await chat.json('anna', 'POST', path, sent);
        expect(status).to.equal(400);
        bodies.add(JSON.stringify({ ...body, requestId: '' }));
      }
    }
    for (const notAnObject of [[], 'text', 7, null]) {
      bodies.add(JSON.stringify({ ...(await update(notAnObject)).body, requestId: '' }));
    }
    expect([...bodies]).to.have.length(1);
    expect([...bodies][0])
      .to.contain('Streaming session ID mismatch')
      .and.not.to.contain(id);
    expect((await update({ completeResponse: 'text', streamingSessionId: id })).status).to.equal(200);
  });

  it('answers the table: exact, replayed, conflict, mismatch, not found', async () => {
    const { id: streamingSessionId } = await world.finish(1, 'text');
    const exact = { completeResponse: 'text', streamingSessionId, tokensUsed: 1 };
    expect((await update({ ...exact, completeResponse: 'other' })).body.code).to.equal(
      'stream.text_mismatch',
    );
    expect((await update(exact, 'bert')).status).to.equal(404);
    const first = await chat.ask('anna', 'POST', UPDATE, { body: exact });
    expect(await first.json()).to.deep.equal({
      message: 'Chat session updated successfully',
      sessionId: 'chat-1',
      streamingSessionId,
      tokensUsed: 5,
      creditsCharged: 0.000005,
      receipt: 'exact',
    });
    expect(first.headers.get('idempotent-replayed')).to.equal(null);
    const again = await chat.ask('anna', 'POST', UPDATE, { body: exact });
    expect([again.status, again.headers.get('idempotent-replayed')]).to.deep.equal([200, 'true']);
    expect((await update({ ...exact, tokensUsed: 2 })).status).to.equal(422);
  });

  it('tells how much of the text a partial receipt covers', async () => {
    const { id: streamingSessionId } = await world.finish(1, '😀 text');
    const { body } = await update({ completeResponse: '😀', streamingSessionId });
    expect(body).to.include({ receipt: 'partial', receivedCharacters: 1 });
  });

  it('hashes what came for the audit, however deep it is nested', async () => {
    const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
    const response = await fetch(`${chat.url}${UPDATE}`, {
      method: 'POST',
      headers: { authorization: 'Bearer anna', 'content-type': 'application/json' },
      body: `{"completeResponse":"","streamingSessionId":${deep}}`,
    });
    expect([response.status, ((await response.json()) as { code: string }).code]).to.deep.equal([
      400,
      'stream.id_mismatch',
    ]);
    expect(world.audit.at(-1)?.facts?.receivedSha256).to.match(/^[0-9a-f]{64}$/);
  });

  it('asks for the chat first, then for the id, then for the other fields, then for the text', async () => {
    const { id } = await world.finish(1, 'text');
    const faulty = [undefined, null, 7, 'a\0', '\ud800', JSON.parse(`${'['.repeat(99)}${']'.repeat(99)}`)];
    const ids = [id, undefined, `${id} `];
    for (const completeResponse of faulty) {
      for (const streamingSessionId of ids) {
        const sent = { completeResponse, streamingSessionId, tokensUsed: -1 };
        expect((await update(sent, 'bert')).status, 'not his chat').to.equal(404);
        const { status, body } = await update(sent);
        const right = streamingSessionId === id;
        expect([status, body.code]).to.deep.equal([400, right ? 'request.invalid' : 'stream.id_mismatch']);
        expect('errors' in body).to.equal(right);
      }
    }
    expect((await update({ completeResponse: 'a\0', streamingSessionId: id })).body.code).to.equal(
      'stream.text_mismatch',
    );
  });

  it('takes back a text with every character that JSON can carry', async () => {
    const { id: streamingSessionId } = await world.finish(1, 'a\0b\u2028\u202e\ufeff😀');
    const completeResponse = 'a\0b\u2028\u202e\ufeff😀';
    expect((await update({ completeResponse, streamingSessionId })).body.receipt).to.equal('exact');
  });

  it('names the faults of the other fields only once the id is right', async () => {
    const { id: streamingSessionId } = await world.finish(1, 'text');
    const { status, body } = await update({ completeResponse: 7, streamingSessionId, tokensUsed: -1 });
    expect([status, body.code]).to.deep.equal([400, 'request.invalid']);
    expect((body.errors as Array<{ path: string }>).map(({ path }) => path)).to.deep.equal([
      'completeResponse',
      'tokensUsed',
    ]);
  });

  it('takes a transcript of 1 MiB and refuses a body above 4 MiB with 413', async () => {
    const text = 'x'.repeat(1_048_576);
    const { id: streamingSessionId } = await world.finish(1, text);
    expect((await update({ completeResponse: text, streamingSessionId })).body.receipt).to.equal('exact');
    expect((await update({ completeResponse: 'x'.repeat(4_194_305), streamingSessionId })).status).to.equal(
      413,
    );
  });

  it('stops a running stream, and a stop is answered alike when it is repeated', async () => {
    const { id: streamingSessionId } = await world.begin();
    const first = await chat.json('anna', 'POST', STOP, { body: { streamingSessionId } });
    expect(first.body).to.deep.equal({
      sessionId: 'chat-1',
      streamingSessionId,
      state: 'stopped',
      tokensUsed: 4,
      creditsCharged: 0.000004,
    });
    expect(await chat.json('anna', 'POST', STOP, { body: { streamingSessionId } })).to.deep.equal(first);
    const { body } = await update({ completeResponse: '', streamingSessionId });
    expect(body.receipt).to.equal('exact');
  });
});

describe('the chat routes', () => {
  let world: StreamingWorld;
  let chat: ChatService;
  beforeEach(async () => {
    world = await StreamingWorld.create();
    chat = await ChatService.start(world);
  });
  afterEach(() => chat.close());

  it('make, list, show, rename and delete a chat', async () => {
    const made = await chat.json('bert', 'POST', '/api/chat/sessions', {
      body: { title: 'Plans', initialMessage: 'Hi', modelId: 'never heard of', source: 'cli' },
    });
    expect(made.status).to.equal(201);
    const path = `/api/chat/sessions/${made.body.sessionId}`;
    const listed = await chat.json('bert', 'GET', '/api/chat/sessions?page=1&limit=5');
    expect(listed.body.pagination).to.deep.equal({ total: 1, pages: 1, currentPage: 1, perPage: 5 });
    expect((await chat.json('bert', 'PATCH', path, { body: { title: 'Other' } })).status).to.equal(200);
    const shown = (await chat.json('bert', 'GET', path)).body;
    expect(shown).to.include({ title: 'Other', modelId: 'handbook' });
    expect(shown.metadata).to.deep.equal({ source: 'cli' });
    expect((shown.messages as Array<{ content: string }>).map(({ content }) => content)).to.deep.equal([
      'Hi',
    ]);
    expect((await chat.json('anna', 'GET', path)).status).to.equal(404);
    const deleted = await chat.json('bert', 'DELETE', path);
    expect(deleted.body).to.deep.equal({ message: 'Chat session deleted', sessionId: made.body.sessionId });
    expect((await chat.json('bert', 'GET', path)).status).to.equal(404);
  });

  it('answer a message as a whole, and tell the model failure as 502', async () => {
    world.model.onCall = (call) => {
      call.say('Like ', 'this.');
      call.end();
    };
    const path = '/api/chat/sessions/chat-1/messages';
    const sent = await chat.json('anna', 'POST', path, { body: { message: 'How?' } });
    expect(sent.body).to.include({ sessionId: 'chat-1', aiResponse: 'Like this.', tokensUsed: 3 });
    world.model.onCall = (call) => call.end({ usage: { inputTokens: 0, outputTokens: 0 } });
    expect((await chat.json('anna', 'POST', path, { body: { message: 'How?' } })).body.aiResponse).to.equal(
      '',
    );
    world.model.onCall = (call) => call.push(new Error('broken'));
    const failed = await chat.json('anna', 'POST', path, { body: { message: 'How?' } });
    expect([failed.status, failed.body.code]).to.deep.equal([502, 'model.failed']);
    const { body } = await chat.json('anna', 'GET', path);
    const answer = (body.messages as Array<{ metadata?: { state: string } }>)[1];
    expect(answer?.metadata?.state).to.equal('finished');
  });

  it("let supervisors read users' chats by id or username, and search them", async () => {
    for (const user of ['anna', ANNA]) {
      const listed = await chat.json('sue', 'GET', `/api/chat/users/${user}/sessions`);
      expect((listed.body.sessions as unknown[]).length).to.equal(1);
    }
    expect((await chat.json('sue', 'GET', '/api/chat/users/anna/sessions/chat-1')).body.sessionId).to.equal(
      'chat-1',
    );
    expect((await chat.json('sue', 'GET', `/api/chat/users/${BERT}/sessions/chat-1`)).status).to.equal(404);
    expect((await chat.json('sue', 'GET', '/api/chat/users/nobody/sessions')).status).to.equal(404);
    expect((await chat.json('anna', 'GET', '/api/chat/users/bert/sessions')).status).to.equal(403);
    const found = await chat.json('sue', 'GET', '/api/chat/users/search?query=ann');
    expect(found.body.users).to.deep.equal([{ _id: ANNA, username: 'anna', sessionCount: 1 }]);
  });

  it('tell the models, recommend one, and tell the version as text', async () => {
    const { body } = await chat.json('anna', 'GET', '/api/models');
    expect((body.models as unknown[])[0]).to.include({ id: 'handbook', creditCost: 0.001, maxTokens: 1_000 });
    const wish = { task: 'code', priority: 'cost' };
    const { body: recommended } = await chat.json('anna', 'POST', '/api/models/recommend', { body: wish });
    expect(recommended.recommendedModel).to.equal('handbook');
    expect(recommended.reason).to.contain('lowest price');
    expect(await (await chat.ask('anna', 'GET', '/api/version')).text()).to.equal('1.2.3');
  });
});
