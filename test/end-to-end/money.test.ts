import { expect } from 'chai';
import { ApiClient, type EventReader } from '../support/api-client.ts';
import { RunningServer } from '../support/running-server.ts';

/** Starts that race for the credit of one. */
const PARALLEL_STARTS = 200;

async function newUser(server: RunningServer, name: string): Promise<ApiClient> {
  const anonymous = new ApiClient(server.urls);
  const password = 'a long enough password';
  const { status } = await anonymous.post('auth', '/api/auth/signup', {
    username: name,
    email: `${name}@example.org`,
    password,
  });
  expect(status).to.equal(201);
  return ApiClient.login(server.urls, name, password);
}

async function balance(
  client: ApiClient,
): Promise<{ availableCredits: number; heldCredits: number; totalCredits: number }> {
  return (await client.get('accounting', '/api/credits/balance')).body;
}

describe('money', function () {
  this.timeout(120_000);
  let server: RunningServer;
  let admin: ApiClient;

  before(async () => {
    server = await RunningServer.start(['--demo', '--model-pace', '20']);
    admin = await ApiClient.login(server.urls, 'admin', 'admin@admin');
  });
  after(() => server.dispose());

  it(`lets exactly one of ${PARALLEL_STARTS} parallel starts open when there is credit for one`, async () => {
    const user = await newUser(server, 'racer');
    const chats: string[] = [];
    for (let made = 0; made < PARALLEL_STARTS; made += 1) chats.push(await user.createChat());
    const model = (await user.get('chat', '/api/models')).body.models.find(
      (each: { id: string }) => each.id === 'handbook',
    );
    const creditForOne = (model.creditCost * 400) / 1000;
    await admin.post('accounting', '/api/credits/allocate', { userId: 'racer', credits: creditForOne });

    const readers = await Promise.all(chats.map((chat) => user.start(chat, 'Hello')));
    const statuses = readers.map(({ response }) => response.status);
    const counts = Object.groupBy(statuses, String);
    expect(Object.keys(counts).sort(), JSON.stringify(statuses)).to.deep.equal(['200', '402']);
    expect(counts['200']).to.have.length(1);
    expect(statuses.filter((status) => status !== 200 && status !== 402)).to.deep.equal([]);

    const winner = readers.find(({ response }) => response.status === 200) as EventReader;
    const end = await winner.toEnd();
    expect(end?.type).to.equal('done');
    const after = await balance(user);
    expect(after.heldCredits).to.equal(0);
    expect(after.availableCredits).to.be.closeTo(creditForOne - end?.data.creditsCharged, 1e-9);
    const usage = (await user.get('accounting', '/api/usage/stats')).body;
    expect(usage.totalRecords, 'the model was called once').to.equal(1);
    const withMessages = await Promise.all(
      chats.map((chat) => user.get('chat', `/api/chat/sessions/${chat}/messages`)),
    );
    expect(
      withMessages.filter(({ body }) => body.messages.length > 0),
      'a refused start leaves no message',
    ).to.have.length(1);
  });

  it('bills what was produced when a stream is stopped, and gives the rest back', async () => {
    const user = await newUser(server, 'stopper');
    await admin.post('accounting', '/api/credits/allocate', { userId: 'stopper', credits: 5 });
    const chat = await user.createChat();
    const reader = await user.start(chat);
    await reader.until(({ events }) => events.length > 10);
    expect((await balance(user)).heldCredits).to.be.greaterThan(0);
    const stopped = await user.stop(chat, reader.streamId);
    expect(stopped.status).to.equal(200);
    const end = await reader.toEnd();
    expect(end?.data.finishReason).to.equal('stopped');
    expect(end?.data.creditsCharged).to.equal(stopped.body.creditsCharged).and.to.be.greaterThan(0);
    const after = await balance(user);
    expect([after.heldCredits, after.availableCredits]).to.deep.equal([
      0,
      Number((5 - end?.data.creditsCharged).toFixed(6)),
    ]);
    const again = await user.stop(chat, reader.streamId);
    expect([again.status, again.body]).to.deep.equal([200, stopped.body]);
  });

  it('shows every settlement in the journal once, under the id of its stream', async () => {
    const user = await newUser(server, 'reader');
    await admin.post('accounting', '/api/credits/allocate', { userId: 'reader', credits: 5 });
    const chat = await user.createChat();
    const reader = await user.start(chat);
    await reader.until(({ text }) => text.length > 0);
    await user.update(chat, reader.streamId, reader.text);
    const journal = JSON.stringify(
      (await admin.get('accounting', '/api/ledger/journal?after=0&limit=100')).body,
    );
    expect(journal.split(`${reader.streamId}:reserve`)).to.have.length(2);
    expect(journal.split(`${reader.streamId}:settle`)).to.have.length(2);
    expect(journal).not.to.contain(`${reader.streamId}:release`);
  });

  it('refuses a user who tries to settle his own stream', async () => {
    const user = await newUser(server, 'rider');
    for (const route of ['initialize', 'extend', 'finalize', 'abort']) {
      const { status } = await user.post('accounting', `/api/streaming-sessions/${route}`, {
        sessionId: 'stream-1-00000000-0000-4000-8000-000000000000',
        userId: 'rider',
        modelId: 'handbook',
        estimatedTokens: 1,
        actualTokens: 0,
        tokensSoFar: 0,
      });
      expect(status).to.equal(403);
      const onChat = await user.post('chat', `/api/streaming-sessions/${route}`);
      expect(onChat.status, 'service routes are not on the chat port').to.equal(404);
    }
  });
});
