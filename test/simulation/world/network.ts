import { PortError } from '../../../src/application/ports/port-error.ts';
import type { JournalOfRun } from './journal-of-run.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { SimulatedProcess } from './simulated-process.ts';
import type { VirtualTime } from './virtual-time.ts';

/** How long a caller waits for an answer that does not come, in milliseconds. */
const NO_ANSWER_MS = 5_000;

/** How likely what goes wrong on the way to a store and back is, and how long the way takes. */
export interface Weather {
  /** Refused before anything was done. */
  readonly refused: number;
  /** The request never arrives. */
  readonly requestLost: number;
  /** It is carried out, and nobody hears of it. */
  readonly replyLost: number;
  /** What may be repeated is carried out a second time. */
  readonly doubled: number;
  /** A way takes up to the longest instead of the usual time. */
  readonly slow: number;
  readonly usualMs: number;
  readonly longestMs: number;
}

/** Nothing goes wrong. */
export const FAIR: Weather = {
  refused: 0,
  requestLost: 0,
  replyLost: 0,
  doubled: 0,
  slow: 0,
  usualMs: 4,
  longestMs: 4,
};

/** Something that keeps what it was told, whatever becomes of it, and that may be away. */
export class SimulatedServer {
  readonly name: string;
  weather: Weather = FAIR;
  isUp = true;
  /** Counts its starts: an answer of an earlier one never arrives. */
  starts = 1;

  constructor(name: string) {
    this.name = name;
  }

  crash(): void {
    this.isUp = false;
  }

  restart(): void {
    if (this.isUp) return;
    this.isUp = true;
    this.starts += 1;
  }
}

/** One call of a port. */
export interface Call<Result> {
  /** What is asked, in words. */
  readonly what: string;
  /** Whether the port allows the same call twice. */
  readonly repeatable: boolean;
  /** What the server does, in one step. */
  carryOut(): Promise<Result>;
  /** Told when it has been done, before anybody else can do anything. */
  carriedOut?(result: Result, process: SimulatedProcess): Promise<void> | void;
}

interface Caller<Result> {
  readonly process: SimulatedProcess;
  readonly server: SimulatedServer;
  readonly call: Call<Result>;
  resolve(result: Result): void;
  reject(error: unknown): void;
}

/**
 * Carries calls of processes to servers and their answers back, as badly as the ports allow: late, in another order,
 * not at all, or done without an answer. When a caller is told `timeout`, what it asked has been done or never will be:
 * that is what makes reading by id worth something. A process that has died is never answered; what it has sent arrives.
 */
export class Network {
  readonly #time: VirtualTime;
  readonly #random: SeededRandom;
  readonly #journal: JournalOfRun;

  constructor(time: VirtualTime, random: SeededRandom, journal: JournalOfRun) {
    this.#time = time;
    this.#random = random;
    this.#journal = journal;
  }

  ask<Result>(process: SimulatedProcess, server: SimulatedServer, call: Call<Result>): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      if (process.isAlive) this.#send({ process, server, call, resolve, reject });
    });
  }

  #send<Result>(caller: Caller<Result>): void {
    const { process, server, call } = caller;
    const { weather } = server;
    const thereMs = this.#wayMs(weather);
    const backMs = this.#wayMs(weather);
    const fate = this.#fate(weather, call.repeatable);
    if (fate !== 'heard') this.#journal.write(`${process.name} ${call.what}: ${fate}`);
    switch (fate) {
      case 'refused':
        process.after(thereMs, () => caller.reject(portError('unavailable', server)));
        return;
      case 'request lost':
        process.after(NO_ANSWER_MS, () => caller.reject(portError('timeout', server)));
        return;
      case 'reply lost':
        this.#arrive(caller, thereMs, () => this.#noAnswer(caller));
        return;
      case 'doubled, the second heard':
        this.#arrive(caller, thereMs, (first) =>
          this.#arrive(caller, this.#wayMs(weather), (second) => {
            // The first may have been done, so nobody may be told that nothing was.
            if (second.isRefusal && !first.isRefusal) this.#noAnswer(caller);
            else this.#answer(caller, backMs, second);
          }),
        );
        return;
      case 'doubled, the first heard':
        this.#arrive(caller, thereMs, (answer) => {
          // The second may yet be done.
          if (answer.isRefusal) this.#noAnswer(caller);
          else this.#answer(caller, backMs, answer);
          this.#arrive(caller, this.#wayMs(weather), () => undefined);
        });
        return;
      case 'heard':
        this.#arrive(caller, thereMs, (answer) => this.#answer(caller, backMs, answer));
    }
  }

  #fate(weather: Weather, repeatable: boolean): Fate {
    const { refused, requestLost, replyLost, doubled } = weather;
    const fine = Math.max(0, 1 - refused - requestLost - replyLost - (repeatable ? doubled : 0));
    return this.#random.weighted<Fate>([
      [fine, 'heard'],
      [refused, 'refused'],
      [requestLost, 'request lost'],
      [replyLost, 'reply lost'],
      [repeatable ? doubled / 2 : 0, 'doubled, the first heard'],
      [repeatable ? doubled / 2 : 0, 'doubled, the second heard'],
    ]);
  }

  #wayMs({ slow, usualMs, longestMs }: Weather): number {
    const isSlow = this.#random.chance(slow);
    return this.#random.whole(1, isSlow ? longestMs : usualMs);
  }

  /** The server carries the call out, when it is there; `then` hears what it answers. */
  #arrive<Result>(caller: Caller<Result>, afterMs: number, then: (answer: Answer) => void): void {
    const { process, server, call } = caller;
    this.#time.after(afterMs, () => {
      if (!server.isUp) {
        this.#journal.write(`${process.name} ${call.what}: ${server.name} is away`);
        then({ isRefusal: true, tell: () => caller.reject(portError('unavailable', server)) });
        return;
      }
      void this.#carryOut(caller).then(then);
    });
  }

  async #carryOut<Result>({ process, call, resolve, reject }: Caller<Result>): Promise<Answer> {
    try {
      const result = await call.carryOut();
      await call.carriedOut?.(result, process);
      return { isRefusal: false, tell: () => resolve(result) };
    } catch (error) {
      this.#journal.write(`${process.name} ${call.what} ✗ ${(error as Error).message}`);
      this.#journal.examine(error, call.what);
      const isRefusal = error instanceof PortError && error.kind === 'unavailable';
      return { isRefusal, tell: () => reject(error) };
    }
  }

  /** An answer is lost with the start of the server that gave it. */
  #answer<Result>(caller: Caller<Result>, backMs: number, { isRefusal, tell }: Answer): void {
    const { process, server } = caller;
    const { starts, isUp } = server;
    this.#time.after(backMs, () => {
      if (isRefusal || (server.starts === starts && server.isUp === isUp)) process.after(0, tell);
      else this.#noAnswer(caller);
    });
  }

  #noAnswer<Result>({ process, server, reject }: Caller<Result>): void {
    process.after(NO_ANSWER_MS, () => reject(portError('timeout', server)));
  }
}

/** What the server answers. */
interface Answer {
  /** Whether it proves to whoever hears it that nothing was done: the server was not there, or says so. */
  readonly isRefusal: boolean;
  /** Tells the caller. */
  tell(): void;
}

type Fate =
  | 'heard'
  | 'refused'
  | 'request lost'
  | 'reply lost'
  | 'doubled, the first heard'
  | 'doubled, the second heard';

const portError = (kind: 'unavailable' | 'timeout', server: SimulatedServer): PortError =>
  new PortError(kind, server.name, kind === 'unavailable' ? 'it refused' : 'it did not answer');
