import { expect } from 'chai';
import { WebSocket } from 'ws';
import { MAX_LEFT_SESSIONS } from '../../../src/application/control/agent-connections.ts';
import { AgentClient, BENIGN } from '../../support/agent-client.ts';
import { ApiClient } from '../../support/api-client.ts';
import { agentKey, expectConflict, setPolicy } from '../../support/control-scenes.ts';
import { eventually } from '../../support/eventually.ts';
import { independentClientFrame } from '../../support/independent-wire.ts';
import { RunningServer } from '../../support/running-server.ts';

const MIB = 1_048_576;
/** Events of the largest batch that is sent here. */
const MANY = 10_000;
/** By how much the server may grow while it refuses what is far too large, in bytes. */
const ROOM_BYTES = 256 * MIB;
/** How long ten thousand answers may take on a machine that is busy, in milliseconds. */
const PATIENCE_MS = 240_000;
const FLAGS = ['--demo', '--control-event-burst', '60000', '--control-sockets-per-owner', '3'];

describe('better than the original: what one agent can do to a server', function () {
  this.timeout(500_000);
  let server: RunningServer;
  let admin: ApiClient;
  let url: string;
  const clients: AgentClient[] = [];

  before(async () => {
    server = await RunningServer.start(FLAGS);
    url = server.urls.chat;
    admin = await ApiClient.login(server.urls, 'admin', 'admin@admin');
    await setPolicy(admin, { mode: 'block' });
  });
  after(() => server.dispose());
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.cut();
  });

  const newKey = async (): Promise<string> => (await agentKey(admin)).key;
  const connect = async (key: string, options = {}): Promise<AgentClient> => {
    const client = await AgentClient.connect(url, key, options);
    clients.push(client);
    return client;
  };
  const metric = async (name: string): Promise<number> => {
    const text = await (await fetch(`${url}/metrics`)).text();
    return Number(
      text
        .split('\n')
        .find((line) => line.startsWith(`${name} `))
        ?.split(' ')[1] ?? 0,
    );
  };

  it('7. read limit: closes by 1009 what is longer than it may be, however long it is, and keeps its memory', async () => {
    const before = await metric('process_resident_memory_bytes');
    const key = await newKey();
    for (const bytes of [4 * MIB + 1, 100 * MIB]) {
      const client = await connect(key);
      client.logIn(`long-${bytes}`);
      await client.ack();
      const event = { eventId: 'long', metadataJson: Buffer.alloc(bytes).toString('base64') };
      client.send({ pairedBatch: { events: [event] } });
      expect((await client.closed).code).to.be.oneOf([1009, 1006]);
    }
    expect(await metric('process_resident_memory_bytes')).to.be.below(before + ROOM_BYTES);
  });

  it('7. read limit: takes a message of almost 4 MiB, and answers it', async () => {
    const client = await connect(await newKey());
    client.logIn('large');
    await client.ack();
    const metadataJson = Buffer.alloc(4 * MIB - 1_024).toString('base64');
    client.event('large-1', { ...BENIGN, metadataJson });
    expect((await client.verdict('large-1')).madCode).to.equal('M0');
  });

  const login = (fields: object): Uint8Array =>
    independentClientFrame({ login: { sessionId: 's', schemaVersion: 2, ...fields } });
  const batch = (...eventIds: string[]): Uint8Array =>
    independentClientFrame({ pairedBatch: { events: eventIds.map((eventId) => ({ eventId })) } });
  const malformed: ReadonlyArray<readonly [string, readonly (Uint8Array | string)[]]> = [
    ['an empty session_id', [login({ sessionId: '' })]],
    ['a session_id with control characters', [login({ sessionId: 'a\u0000b' })]],
    ['a session_id that is too long', [login({ sessionId: 's'.repeat(257) })]],
    ['another schema version', [login({ schemaVersion: 1 })]],
    ['a connection_id that is too long', [login({ connectionId: 'c'.repeat(257) })]],
    ['another first frame than a login', [batch('e')]],
    ['a frame with nothing in it', [new Uint8Array()]],
    ['bytes that are no frame', [Uint8Array.from([0x0a, 0xff, 0xff, 0xff])]],
    ['text', ['{"login":{}}']],
    ['an empty event_id', [login({ sessionId: 'empty-event' }), batch('fine', '')]],
    ['an event_id that is too long', [login({ sessionId: 'long-event' }), batch('e'.repeat(257))]],
  ];
  for (const [what, frames] of malformed) {
    it(`7. read limit and form: closes by 1002 ${what}`, async () => {
      const client = await connect(await newKey());
      for (const frame of frames) client.socket.send(frame);
      expect((await client.closed).code).to.equal(1002);
    });
  }

  it('7. read limit and form: goes on where frames have fields that it does not know', async () => {
    const client = await connect(await newKey());
    const unknown = Buffer.concat([
      login({ sessionId: 'unknown' }),
      Buffer.from([0xfa, 0x3e, 0x02, 0x68, 0x69]),
    ]);
    client.socket.send(unknown);
    expect((await client.ack()).policy).to.include({ mode: 3 });
  });

  it('7. bounded queues, verdict order per run: answers ten thousand events of one batch, those of each run in their order', async () => {
    const client = await connect(await newKey());
    client.logIn('many');
    await client.ack();
    const events = Array.from({ length: MANY }, (_, at) => ({ eventId: `m-${at}`, runId: `run-${at % 7}` }));
    client.send({ pairedBatch: { events } });
    await eventually(async () => expect(client.received.length).to.equal(MANY + 1), PATIENCE_MS);
    for (let run = 0; run < 7; run += 1) {
      const places = client.received
        .map((frame) => Number(frame.verdict?.eventId.slice(2)))
        .filter((place) => place % 7 === run);
      expect(places).to.deep.equal([...places].sort((left, right) => left - right));
    }
  });

  it('counts connections that have sent nothing, and closes the one too many by 4003', async () => {
    const key = await newKey();
    const silent = [await connect(key), await connect(key), await connect(key)];
    expect((await (await connect(key)).closed).code).to.equal(4003);
    expect(silent.every(({ socket }) => socket.readyState === WebSocket.OPEN)).to.equal(true);
    await silent[0]?.cut();
    await eventually(async () => {
      const next = await connect(key);
      next.logIn('after the quota');
      await next.ack();
    });
  });

  it('closes by 4003 a connection that goes through more sessions than one may', async () => {
    const client = await connect(await newKey());
    for (let session = 0; session <= MAX_LEFT_SESSIONS; session += 1) client.logIn(`through-${session}`);
    for (let session = 0; session <= MAX_LEFT_SESSIONS; session += 1) await client.ack();
    client.logIn(`through-${MAX_LEFT_SESSIONS}`);
    await client.ack();
    client.logIn('one too many');
    expect((await client.closed).code).to.equal(4003);
  });

  it('answers 429 to a key after three conflicts in a minute, unless it holds a session', async () => {
    const holder = await connect(await newKey());
    holder.logIn('contested');
    await holder.ack();
    const intruder = await newKey();
    for (let attempt = 0; attempt < 3; attempt += 1) await expectConflict(url, intruder, 'contested');
    const { status, headers } = await AgentClient.refused(url, intruder);
    expect(status).to.equal(429);
    expect(Number(headers['retry-after'])).to.be.within(1, 60);
    const atWork = await newKey();
    const own = await connect(atWork);
    own.logIn('own');
    await own.ack();
    for (let attempt = 0; attempt < 4; attempt += 1) await expectConflict(url, atWork, 'contested');
  });
});
