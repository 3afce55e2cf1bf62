import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { CLOSE_CODES, ERROR_CODES } from '../../src/adapters/inbound/ws/mux/codes.ts';
import { CONNECTION, type Handle } from '../../src/adapters/inbound/ws/mux/frame.ts';
import { readMessage } from '../../src/adapters/inbound/ws/mux/read-message.ts';
import { frameOf } from '../../src/adapters/inbound/ws/mux/write-frame.ts';
import { SeededRandom } from '../simulation/world/seeded-random.ts';
import { ApiClient } from '../support/api-client.ts';
import { eventually } from '../support/eventually.ts';
import { hostileBytes } from '../support/hostile-frames.ts';
import { handleOf, MuxClient, type Received, toReceived } from '../support/mux-client.ts';
import { RunningServer, temporaryFolder } from '../support/running-server.ts';
import { type Leaving, OPCODES, StrictWire, wireFrame } from '../support/strict-wire.ts';

const SEED = 7;
const CONNECTIONS = 2_000;
/** How many of them are open together. */
const TOGETHER = 8;
/** After so many of them each sibling is asked for something. */
const LOOK_EVERY = 20;
const MIB = 2 ** 20;
/** What may be left of all of it, in bytes. */
const MOST_LEFT_BYTES = 16 * MIB;
const MOST_RESIDENT_BYTES = 128 * MIB;
const NO_LIMIT = '10000000/min';
const FLAGS = [
  '--demo',
  '--websocket-multiplexing-echo',
  ...['--websocket-multiplexing-connection-attempts', NO_LIMIT],
  ...['--websocket-multiplexing-opens-per-principal', NO_LIMIT],
  ...['--websocket-multiplexing-open-burst', '1000000'],
  ...['--websocket-multiplexing-max-connections-per-principal', '1000'],
];

/** Somebody beside all of it, who wants to notice nothing. */
interface Sibling {
  readonly client: MuxClient;
  readonly handle: string;
  asked: number;
}

/** Every frame of a server's message; fails when it is none of the protocol. */
function framesOf(message: Buffer, batch: boolean): Received[] {
  const frames: Received[] = [];
  const fault = readMessage(
    message,
    { from: 'server', batch },
    { deliver: (frame) => frames.push(toReceived(frame)) > 0 },
  );
  expect(fault, message.toString('hex')).to.equal(undefined);
  return frames;
}

describe('a server that is sent what no client sends', function () {
  this.timeout(180_000);
  const folder = temporaryFolder();
  const file = join(folder, 'memory');
  const siblings: Sibling[] = [];
  let server: RunningServer;
  let user: ApiClient;
  let admin: ApiClient;

  before(async () => {
    const program = 'test/support/programs/measured-server.ts';
    server = await RunningServer.start(FLAGS, undefined, { MEMORY_FILE: file }, [], program);
    user = await ApiClient.login(server.urls, 'user1', 'User1@123');
    admin = await ApiClient.login(server.urls, 'admin', 'admin@admin');
    for (const who of [user, admin]) {
      const client = await MuxClient.connect(server.urls.chat, who.token ?? '');
      siblings.push({ client, handle: (await client.open('echo')).handle, asked: 0 });
    }
  });
  after(async () => {
    await server.dispose();
    rmSync(folder, { recursive: true, force: true });
  });

  async function taken(): Promise<NodeJS.MemoryUsage> {
    rmSync(file, { force: true });
    server.signal('SIGUSR2');
    await eventually(async () => expect(existsSync(file)).to.equal(true));
    return JSON.parse(readFileSync(file, 'utf8')) as NodeJS.MemoryUsage;
  }

  async function lookAtSiblings(): Promise<void> {
    for (const sibling of siblings) {
      sibling.asked += 1;
      // Whoever looks beside this one asks for something else meanwhile.
      const mine = `mine ${sibling.asked}`;
      sibling.client.send(sibling.handle, 'DATA', Buffer.from(mine));
      const answer = await sibling.client.on(sibling.handle, 'DATA');
      expect(answer.bytes.toString()).to.equal(mine);
    }
  }

  function openOn(wire: StrictWire, batch: boolean): Promise<Handle> {
    wire.write(wireFrame(frameOf(CONNECTION, 'OPEN', Buffer.from('{"ref":"own","kind":"echo"}'))));
    return wire.first((message) => {
      const opened = framesOf(message, batch).find(({ json }) => json?.ref === 'own');
      return opened && handleOf(opened.json.handle);
    });
  }

  /** One connection from its upgrade to its end; all that came is of the protocol. */
  async function sendOne(number: number): Promise<void> {
    const random = new SeededRandom(SEED * 1_000_000 + number);
    const batch = random.chance(0.5);
    const protocol = batch ? 'holdfast.mux.v1.batch' : 'holdfast.mux.v1';
    const wire = await StrictWire.open(server.urls.chat, user.token ?? '', protocol);
    const handle = random.chance(0.6) ? await openOn(wire, batch) : undefined;
    for (const bytes of hostileBytes(random, handle)) wire.write(bytes);
    await wire.leave(random.pick<Leaving>(['close', 'end', 'reset']));
    expect(wire.faults, `connection ${number}`).to.deep.equal([]);
    if (wire.code !== undefined && !(wire.code in CLOSE_CODES))
      throw new Error(`connection ${number}: closed by ${wire.code}`);
    judge(wire.messages.flatMap((message) => framesOf(message, batch)));
  }

  function judge(frames: readonly Received[]): void {
    const own = new Set(['0'.repeat(16)]);
    for (const { name, handle, json } of frames) {
      if (name === 'OPENED') own.add(json.handle);
      expect(own.has(handle), `${name} on a handle that it does not have`).to.equal(true);
      if (name === 'ERROR') expect(json.code).to.be.oneOf(Object.keys(ERROR_CODES));
      if (name === 'CLOSE') expect(String(json.code)).to.be.oneOf(Object.keys(CLOSE_CODES));
    }
  }

  async function sendAll(from: number, to: number): Promise<void> {
    let next = from;
    const worker = async (): Promise<void> => {
      while (next < to) {
        const number = next;
        next += 1;
        await sendOne(number);
        if (number % LOOK_EVERY === 0) await lookAtSiblings();
      }
    };
    await Promise.all(Array.from({ length: TOGETHER }, worker));
  }

  it('answers by the codes that there are, and by nothing else', async () => {
    await sendAll(0, CONNECTIONS / 4);
    const before = await taken();
    await sendAll(CONNECTIONS / 4, CONNECTIONS);
    await eventually(async () => {
      const { connections } = (await admin.get('chat', '/api/ops/connections')).body;
      expect(connections).to.have.lengthOf(siblings.length);
    });
    await eventually(async () => {
      const after = await taken();
      expect(after.heapUsed + after.external - before.heapUsed - before.external).to.be.below(
        MOST_LEFT_BYTES,
      );
      expect(after.rss - before.rss).to.be.below(MOST_RESIDENT_BYTES);
    });
  });

  for (const [what, broken, code] of [
    ['an unmasked frame', wireFrame(Buffer.alloc(9), { isMasked: false }), 1002],
    ['a text that is none', wireFrame(Buffer.of(0xff), { opcode: OPCODES.text }), 1003],
    ['a message that is too long', wireFrame(Buffer.alloc(0), { length: 2n ** 20n + 1n }), 1009],
    ['a close', wireFrame(Buffer.of(0x03, 0xe8), { opcode: OPCODES.close }), 1000],
  ] as const) {
    it(`answers ${what} by its close, and sends nothing behind it`, async () => {
      const wire = await StrictWire.open(server.urls.chat, user.token ?? '', 'holdfast.mux.v1');
      const handle = await openOn(wire, false);
      const data = wireFrame(frameOf(handle, 'DATA', Buffer.from('heard')));
      wire.write(Buffer.concat([data, data, data, broken]));
      await wire.leave('wait');
      expect(wire.faults).to.deep.equal([]);
      expect(wire.code).to.equal(code);
    });
  }

  it('cuts whoever stays after that', async () => {
    const wire = await StrictWire.open(server.urls.chat, user.token ?? '', 'holdfast.mux.v1');
    wire.isPolite = false;
    wire.write(wireFrame(Buffer.alloc(9), { reserved: 7 }));
    await wire.leave('wait');
    expect(wire.faults).to.deep.equal([]);
    expect(wire.code).to.equal(1002);
  });

  it('lets everybody else notice nothing', async () => {
    await lookAtSiblings();
    for (const { client, asked } of siblings) {
      const names = client.received.map(({ name }) => name).filter((name) => name !== 'CREDIT');
      expect(names).to.deep.equal(['OPENED', ...Array.from({ length: asked }, () => 'DATA')]);
    }
  });

  it('makes no mistake that its log tells of', () => {
    const told = server.output.split('\n').filter((line) => line.startsWith('{'));
    expect(told.map((line) => JSON.parse(line)).filter(({ level }) => level === 'error')).to.deep.equal([]);
    expect(server.output).to.not.match(/at .*\.(js|ts):\d+/);
  });
});
