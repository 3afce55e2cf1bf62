import { expect } from 'chai';
import type { CloseCode } from '../../../src/adapters/inbound/ws/mux/codes.ts';
import { MuxClient } from '../../../src/client/mux/mux-client.ts';
import type { MuxSession } from '../../../src/client/mux/mux-session.ts';
import { LinkedMux, Logs } from '../../support/linked-mux.ts';
import { MuxWorld } from '../../support/mux-world.ts';

const SESSIONS = 30;
const ROUNDS = 400;
const COMES_BACK: readonly CloseCode[] = [1001, 1011, 4000, 4008];

/** Numbers that look random and are the same each time (mulberry32). */
function numbersFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Reads a session for ever, pausing when it is told to. */
class Reader {
  readonly offsets: number[] = [];
  readonly answers: string[] = [];
  readonly strays: string[] = [];
  isPaused = false;
  #go: () => void = () => undefined;

  constructor(session: MuxSession, name: string) {
    void this.#read(session, name).catch((error: Error) => this.strays.push(error.message));
  }

  resume(): void {
    this.isPaused = false;
    this.#go();
  }

  async #read(session: MuxSession, name: string): Promise<void> {
    for await (const message of session) {
      if (message.type === 'gap' || message.type === 'refused') this.strays.push(message.type);
      else {
        const text = Buffer.from(message.bytes).toString();
        if (!text.startsWith(`${name}:`)) this.strays.push(text);
        if (message.type === 'event') this.offsets.push(message.offset);
        else this.answers.push(text);
      }
      while (this.isPaused) await new Promise<void>((resolve) => (this.#go = resolve));
    }
  }
}

/** What goes wrong in a run, by chance. */
class Chaos {
  readonly #numbers: () => number;
  readonly #linked: LinkedMux;
  readonly #logs: Logs;
  readonly #readers: readonly Reader[];
  readonly #sessions: readonly MuxSession[];
  cuts = 0;
  closes = 0;
  sent = 0;

  constructor(
    numbers: () => number,
    linked: LinkedMux,
    logs: Logs,
    sessions: readonly MuxSession[],
    readers: readonly Reader[],
  ) {
    this.#numbers = numbers;
    this.#linked = linked;
    this.#logs = logs;
    this.#sessions = sessions;
    this.#readers = readers;
  }

  round(): void {
    const at = this.#upTo(SESSIONS);
    for (let event = 0; event < 20; event += 1) this.#logs.append(`s${this.#upTo(SESSIONS)}`);
    const reader = this.#readers[at] as Reader;
    const what = this.#upTo(8);
    if (what === 0) reader.isPaused = true;
    if (what === 1) for (const paused of this.#readers) paused.resume();
    if (what === 2 || what === 3) this.#cut();
    if (what === 4 || what === 5) this.#close();
    if (what > 5) {
      this.sent += 1;
      void this.#sessions[at]?.send(`s${at}:${this.sent}`);
    }
  }

  #upTo(bound: number): number {
    return Math.floor(this.#numbers() * bound);
  }

  #cut(): void {
    const { open } = this.#linked;
    const link = open[this.#upTo(open.length)];
    if (link === undefined) return;
    link.socket.cut();
    this.cuts += 1;
  }

  #close(): void {
    const { open } = this.#linked;
    const link = open[this.#upTo(open.length)];
    const sessions = [...(link?.connection.sessions() ?? [])];
    const session = sessions[this.#upTo(sessions.length)];
    if (session === undefined) return;
    const code = COMES_BACK[this.#upTo(COMES_BACK.length)] as CloseCode;
    link?.connection.closeSession(session, code, 'by chance');
    this.closes += 1;
  }
}

const token = (expiresAtMs: number): string => {
  const claims = Buffer.from(JSON.stringify({ exp: expiresAtMs / 1_000 })).toString('base64url');
  return `head.${claims}.signature`;
};
/** Lets both sides take their turns. */
const settle = async (turns = 4): Promise<void> => {
  for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

describe('the client and the server, in one process', function () {
  this.timeout(60_000);

  for (const seed of [1, 2, 3]) {
    it(`lose nothing, double nothing and mix nothing up, whatever is cut, closed or not read (seed ${seed})`, async () => {
      const numbers = numbersFrom(seed);
      const logs = new Logs();
      // Pauses are drawn short, so that there is something to cut again soon.
      const linked = new LinkedMux(new MuxWorld({}, [logs.kind]), () => numbers() / 50);
      const client = new MuxClient({ url: 'http://server', credential: 'anna', platform: linked });
      const names = Array.from({ length: SESSIONS }, (_, index) => `s${index}`);
      const sessions = await Promise.all(
        names.map((log) => client.open('log', { params: { log }, window: 65_536 })),
      );
      const readers = sessions.map((session, index) => new Reader(session, names[index] ?? ''));
      const chaos = new Chaos(numbers, linked, logs, sessions, readers);
      for (let round = 0; round < ROUNDS; round += 1) {
        chaos.round();
        await settle();
        await linked.world.timers.advance(Math.floor(numbers() * 400));
      }
      for (const reader of readers) reader.resume();
      for (let turn = 0; turn < 40; turn += 1) {
        await settle(20);
        await linked.world.timers.advance(1_000);
      }
      expect(readers.flatMap(({ strays }) => strays)).to.deep.equal([]);
      readers.forEach(({ offsets }, index) => {
        const { length } = { length: logs.lengthOf(names[index] ?? '') };
        expect(offsets).to.deep.equal(Array.from({ length }, (_, at) => at + 1));
      });
      const answers = readers.flatMap((reader) => reader.answers);
      expect(new Set(answers).size).to.equal(answers.length);
      expect(answers.length).to.be.within(chaos.sent / 4, chaos.sent);
      expect(chaos.cuts).to.be.greaterThan(40);
      expect(chaos.closes).to.be.greaterThan(40);
      expect(linked.world.audit.records.filter(({ outcome }) => outcome === 'refused')).to.deep.equal([]);
    });
  }

  it('keep a session through hours of credentials that last a quarter of one, without a single close', async () => {
    const linked = new LinkedMux(new MuxWorld(), () => 0.5);
    let asked = 0;
    const credential = (): string => {
      asked += 1;
      return token(linked.nowMs() + 900_000);
    };
    const client = new MuxClient({ url: 'http://server', credential, platform: linked });
    const session = await client.open('echo');
    for (let minute = 0; minute < 180; minute += 1) {
      await session.send('not idle');
      await settle();
      await linked.world.timers.advance(60_000);
    }
    expect(session).to.include({ state: 'open', epoch: 1 });
    expect(linked.links).to.have.length(1);
    expect(asked).to.be.within(12, 16);
    const second = await client.open('echo');
    expect(second.state).to.equal('open');
  });

  it('bring a session back that was closed because its credential had expired', async () => {
    const linked = new LinkedMux(new MuxWorld(), () => 0.5);
    let isAway = false;
    const credential = async (): Promise<string> => {
      if (isAway) throw new Error('nobody is there to log in');
      return token(linked.nowMs() + 900_000);
    };
    const client = new MuxClient({ url: 'http://server', credential, platform: linked });
    const session = await client.open('echo');
    isAway = true;
    for (let minute = 0; minute < 20; minute += 1) {
      void session.send('not idle').catch(() => undefined);
      await settle();
      await linked.world.timers.advance(60_000);
    }
    expect(session.state).to.equal('coming-back');
    isAway = false;
    await linked.world.timers.advance(60_000);
    await settle(20);
    expect(session).to.include({ state: 'open', epoch: 2 });
  });

  it('let an idle session sleep, and wake it with what is sent', async () => {
    const linked = new LinkedMux(new MuxWorld(), () => 0.5);
    const client = new MuxClient({ url: 'http://server', credential: 'anna', platform: linked });
    const session = await client.open('echo');
    await linked.world.timers.advance(310_000);
    await settle(20);
    expect(session.state).to.equal('asleep');
    await linked.world.timers.advance(3_600_000);
    expect(linked.open).to.have.length(0);
    const sending = session.send('awake');
    await settle(40);
    await linked.world.timers.advance(1_000);
    await sending;
    const { value } = await session[Symbol.asyncIterator]().next();
    expect(value?.type).to.equal('data');
    expect(session.epoch).to.equal(2);
  });
});
