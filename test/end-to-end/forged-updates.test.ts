import { randomInt, randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { type Answer, ApiClient, type EventReader } from '../support/api-client.ts';
import { RunningServer } from '../support/running-server.ts';

/** Forged updates that are sent, over all streams. */
const FORGERIES = 10_000;
/** Updates under way at once. */
const PARALLEL = 16;

interface Victim {
  readonly chat: string;
  readonly older: string;
  readonly reader: EventReader;
}

/** Each way to be wrong, made anew for every update from the ids that are really out there. */
function forgeries(victim: Victim, foreign: string): Array<() => unknown> {
  const id = victim.reader.streamId;
  const [, ms, ...uuid] = id.split('-');
  const letters = id.split('').flatMap((character, at) => (/[a-f]/.test(character) ? [at] : []));
  const changed = (at: number, by: (character: string) => string): string =>
    id.slice(0, at) + by(id.charAt(at)) + id.slice(at + 1);
  return [
    () => undefined,
    () => null,
    () => '',
    () => randomInt(1e9),
    () => [id],
    () => ({ id }),
    () => true,
    () => `stream-${Number(ms) + randomInt(-5, 5)}-${randomUUID()}`,
    () => `stream-${Number(ms) + 1 + randomInt(1000)}-${uuid.join('-')}`,
    () => victim.older,
    () => foreign,
    () => id.toUpperCase(),
    () => changed(letters[randomInt(letters.length)] ?? 0, (character) => character.toUpperCase()),
    () => changed(randomInt(id.length), (character) => (character === '0' ? '1' : '0')),
    () => ` ${id}`,
    () => `${id} `,
    () => `${id}\n`,
    () => `\ufeff${id}`,
    () => id.replace(/[0-9]/g, (digit) => String.fromCharCode(0xff10 + Number(digit))),
    () => id.replace('stream', 'ѕtream'),
    () => id.replaceAll('-', '‐'),
    () => id.slice(0, randomInt(id.length)),
    () => `${id}${randomInt(10)}`,
    () => encodeURIComponent(`${id}%00`),
    () => 'x'.repeat(randomInt(1, 5000)),
  ];
}

async function victimOf(client: ApiClient): Promise<Victim> {
  const chat = await client.createChat();
  const first = await client.start(chat);
  await client.stop(chat, first.streamId);
  await first.toEnd();
  const reader = await client.start(chat);
  await reader.until(({ text }) => text.length > 0);
  return { chat, older: first.streamId, reader };
}

describe('updates of a running stream by nobody who may', function () {
  this.timeout(180_000);
  let server: RunningServer;
  let owner: ApiClient;
  let other: ApiClient;

  before(async () => {
    server = await RunningServer.start(['--demo', '--model-pace', '2']);
    owner = await ApiClient.login(server.urls, 'user1', 'User1@123');
    other = await ApiClient.login(server.urls, 'supervisor1', 'Supervisor1@');
  });
  after(() => server.dispose());

  it(`are refused ${FORGERIES} times out of ${FORGERIES}, each in the same words, and the owner can still finish`, async () => {
    const victims = [await victimOf(owner), await victimOf(owner)];
    const foreign = await victimOf(other);
    const makers = victims.flatMap((victim) =>
      forgeries(victim, foreign.reader.streamId).map((make) => ({ victim, make })),
    );
    const bodies = new Map<string, number>();
    let accepted = 0;
    let sent = 0;
    const worker = async (): Promise<void> => {
      while (sent < FORGERIES) {
        const { victim, make } = makers[sent % makers.length] ?? makers[0] ?? expect.fail('nothing to forge');
        sent += 1;
        const { status, body } = await owner.update(victim.chat, make(), victim.reader.text);
        if (status !== 400) accepted += 1;
        const { requestId, ...rest } = body;
        expect(requestId).to.be.a('string');
        const key = JSON.stringify(rest);
        bodies.set(key, (bodies.get(key) ?? 0) + 1);
      }
    };
    await Promise.all(Array.from({ length: PARALLEL }, worker));
    expect(accepted).to.equal(0);
    expect([...bodies.keys()], 'one body for every refused id').to.have.length(1);
    const [only = ''] = bodies.keys();
    expect(JSON.parse(only)).to.include({
      code: 'stream.id_mismatch',
      message: 'Streaming session ID mismatch',
    });
    for (const { reader } of [...victims, foreign]) expect(only).not.to.contain(reader.streamId);

    await expectFinishable(owner, victims[0]);
    await expectFinishable(owner, victims[1]);
    await expectFinishable(other, foreign);
  });

  it('by another user are 404, whatever id they carry', async () => {
    const victim = await victimOf(owner);
    const answers: Answer[] = [
      await other.update(victim.chat, victim.reader.streamId, ''),
      await other.update(victim.chat, undefined, ''),
      await other.stop(victim.chat, victim.reader.streamId),
    ];
    expect(answers.map(({ status }) => status)).to.deep.equal([404, 404, 404]);
    await expectFinishable(owner, victim);
  });

  it('with another text than the server sent are 422 and change nothing, and a replay with another text too', async () => {
    const victim = await victimOf(owner);
    const { chat, reader } = victim;
    for (const text of ['forged', `${reader.text} `, ` ${reader.text}`, reader.text.toUpperCase()]) {
      const { status, body } = await owner.update(chat, reader.streamId, text);
      expect([status, body.code]).to.deep.equal([422, 'stream.text_mismatch']);
    }
    const first = await owner.update(chat, reader.streamId, reader.text);
    expect(first.body).to.include({ receipt: 'stopped' });
    const replay = await owner.update(chat, reader.streamId, reader.text);
    expect([replay.status, replay.headers.get('idempotent-replayed')]).to.deep.equal([200, 'true']);
    expect(replay.body).to.deep.equal(first.body);
    expect((await owner.update(chat, reader.streamId, 'rewritten')).status).to.equal(422);
    expect((await owner.update(chat, reader.streamId, '')).status).to.equal(422);
  });
});

async function expectFinishable(client: ApiClient, victim: Victim | undefined): Promise<void> {
  const { chat, reader } = victim ?? expect.fail('there is no such stream');
  const { status, body } = await client.update(chat, reader.streamId, reader.text);
  expect([status, body.receipt, body.message]).to.deep.equal([
    200,
    'stopped',
    'Chat session updated successfully',
  ]);
  await reader.cut();
}
