import { createHash, randomInt } from 'node:crypto';
import { expect } from 'chai';
import { ApiClient, type WireEvent } from '../support/api-client.ts';
import { RunningServer } from '../support/running-server.ts';

/** Cuts over all readers of all streams. */
const CUTS = 10_000;
/** Readers of each stream, at the same time. */
const READERS = 4;
/** Streams that run at the same time. */
const STREAMS = 6;

interface Tally {
  cuts: number;
}

/** Follows a chat's stream to its end, cutting its own connection after a random number of events each time. */
async function followWithCuts(client: ApiClient, chat: string, tally: Tally): Promise<WireEvent[]> {
  const seen: WireEvent[] = [];
  for (;;) {
    const reader = await client.resume(chat, seen.at(-1)?.id);
    if (reader.response.status === 204) return seen;
    expect(reader.response.status).to.equal(200);
    const upTo = 1 + randomInt(6);
    await reader.until(({ events }) => events.length >= upTo);
    seen.push(...reader.events.slice(0, upTo));
    await reader.cut();
    tally.cuts += 1;
    const last = seen.at(-1);
    if (last?.type === 'done' || last?.type === 'error') return seen;
  }
}

describe('readers that are cut at random points', function () {
  this.timeout(240_000);
  let server: RunningServer;
  let user: ApiClient;

  before(async () => {
    server = await RunningServer.start(['--demo', '--model-pace', '300']);
    user = await ApiClient.login(server.urls, 'user1', 'User1@123');
  });
  after(() => server.dispose());

  it(`all get exactly the transcript, over ${CUTS} cuts and ${READERS} readers a stream`, async () => {
    const tally: Tally = { cuts: 0 };
    const worker = async (): Promise<void> => {
      while (tally.cuts < CUTS) await followOneStream(user, tally);
    };
    await Promise.all(Array.from({ length: STREAMS }, worker));
    expect(tally.cuts).to.be.at.least(CUTS);
  });
});

async function followOneStream(user: ApiClient, tally: Tally): Promise<void> {
  const chat = await user.createChat();
  const start = await user.start(chat, `What is promise ${randomInt(1000)}?`);
  const id = start.streamId;
  await start.cut();
  const logs = await Promise.all(Array.from({ length: READERS }, () => followWithCuts(user, chat, tally)));
  const stored = (await user.get('chat', `/api/chat/sessions/${chat}/messages`)).body.messages.at(-1);
  for (const events of logs) {
    expect(events.map((event) => event.id)).to.deep.equal(events.map((_, index) => index + 1));
    expect(events[0]).to.deep.include({ type: 'session' });
    expect(events[0]?.data.streamingSessionId).to.equal(id);
    const text = events.map((event) => (event.type === 'chunk' ? event.data.text : '')).join('');
    expect(text).to.equal(stored.content);
    expect(events.at(-1)?.data.textSha256).to.equal(createHash('sha256').update(text).digest('hex'));
  }
  const [first] = logs;
  for (const events of logs) expect(events).to.deep.equal(first);
  const receipt = await user.update(chat, id, stored.content);
  expect(receipt.body.receipt).to.equal('exact');
  await user.send('chat', 'DELETE', `/api/chat/sessions/${chat}`, undefined);
}
