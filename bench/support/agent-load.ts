import { PreparedEvents, verdictOn } from './agent-frames.ts';
import { type ControlParty, sessionOf } from './control-party.ts';
import { cpuSeconds } from './process.ts';
import type { RawWebSocket } from './raw-web-socket.ts';
import { elapse } from './sse-load.ts';
import { percentile } from './statistics.ts';

const WARM_UP_MS = 1_000;
/** What a flood has left is through by then: the log of the store is moved, and the code is compiled for few at a time. */
const AFTER_FLOOD_MS = 4_000;
const WINDOW_MS = 2_000;
/** How often due events are sent, in milliseconds. */
const TICK_MS = 2;

/** What agents get as fast as the server can. */
export interface Judged {
  readonly perSecond: number;
  /** CPU of the server for a verdict, in microseconds. */
  readonly cpuMicros: number;
}

/** What a steady rate of events came to. */
export interface Steady extends Judged {
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Agents with a session each, whose events have one row of numbers. */
export class AgentLoad {
  readonly #party: ControlParty;
  readonly #agents: ReadonlyArray<{ readonly socket: RawWebSocket; readonly events: PreparedEvents }>;
  readonly #sentAtMs: number[] = [];
  #tookMs: number[] = [];
  #verdicts = 0;

  private constructor(party: ControlParty, sockets: readonly RawWebSocket[]) {
    this.#party = party;
    this.#agents = sockets.map((socket, agent) => ({ socket, events: new PreparedEvents(sessionOf(agent)) }));
  }

  static async logIn(party: ControlParty, agents: number): Promise<AgentLoad> {
    const sockets: RawWebSocket[] = [];
    for (let agent = 0; agent < agents; agent += 1) sockets.push(await party.logIn(agent));
    return new AgentLoad(party, sockets);
  }

  /** Each agent has so many events under way all the time: it sends one when a verdict comes. */
  async asFastAsItCan(depth: number): Promise<Judged> {
    let isOver = false;
    for (const [agent, { socket }] of this.#agents.entries()) {
      let due = depth;
      const send = (): void => {
        const count = isOver ? 0 : due;
        due = 0;
        this.#send(agent, count);
      };
      this.#onVerdict(socket, () => {
        due += 1;
        // What came in one piece is answered in one.
        if (due === 1) queueMicrotask(send);
      });
      send();
    }
    await elapse(WARM_UP_MS);
    const judged = await this.#measure();
    isOver = true;
    // What is under way is the last of it.
    while (this.#verdicts < this.#sentAtMs.length) await elapse(TICK_MS);
    return judged;
  }

  /** Sends at one steady rate, whatever comes back; the agents have their turns. */
  async at(perSecond: number): Promise<Steady> {
    for (const { socket } of this.#agents) this.#onVerdict(socket, () => undefined);
    const startedAt = performance.now();
    let paced = 0;
    const timer = setInterval(() => {
      const due = Math.floor(((performance.now() - startedAt) * perSecond) / 1_000) - paced;
      for (let sent = 0; sent < due; sent += 1) this.#send((paced + sent) % this.#agents.length, 1);
      paced += due;
    }, TICK_MS);
    await elapse(AFTER_FLOOD_MS);
    this.#tookMs = [];
    const judged = await this.#measure();
    clearInterval(timer);
    const tookMs = this.#tookMs;
    return { ...judged, p50Ms: percentile(tookMs, 50), p99Ms: percentile(tookMs, 99) };
  }

  /** @throws Error when an agent was cut off: a bench sends nothing that is refused. */
  close(): void {
    const lost = this.#agents.find(({ socket }) => socket.closed !== undefined);
    for (const { socket } of this.#agents) socket.close();
    if (lost !== undefined) throw new Error(`an agent was closed with ${lost.socket.closed}`);
  }

  async #measure(): Promise<Judged> {
    const { pid } = this.#party;
    const [before, cpuBefore, startedAt] = [this.#verdicts, cpuSeconds(pid), performance.now()];
    await elapse(WINDOW_MS);
    const verdicts = this.#verdicts - before;
    const seconds = (performance.now() - startedAt) / 1_000;
    return { perSecond: verdicts / seconds, cpuMicros: ((cpuSeconds(pid) - cpuBefore) * 1e6) / verdicts };
  }

  #onVerdict(socket: RawWebSocket, told: () => void): void {
    socket.onMessage = (bytes, start) => {
      const number = verdictOn(bytes, start);
      if (number === undefined) return;
      this.#verdicts += 1;
      this.#tookMs.push(performance.now() - (this.#sentAtMs[number] ?? Number.NaN));
      told();
    };
  }

  #send(agent: number, count: number): void {
    const { socket, events } = this.#agents[agent] ?? {};
    if (count === 0 || socket === undefined || events === undefined) return;
    const messages: Buffer[] = [];
    for (let sent = 0; sent < count; sent += 1)
      messages.push(events.message(this.#sentAtMs.push(performance.now()) - 1));
    socket.write(messages.length === 1 ? (messages[0] as Buffer) : Buffer.concat(messages));
  }
}
