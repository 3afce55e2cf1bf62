import type { MuxSession } from '../../../../client/mux/mux-session.ts';
import { BoundedMap } from '../../../../domain/bounded-map.ts';
import type { CommandIo } from '../client/command-io.ts';
import { Latencies } from './latencies.ts';
import { MIN_SIZE_BYTES } from './mux-options.ts';
import type { SessionLoad } from './session-load.ts';

/** Most messages whose answers are waited for; one that a cut has lost is forgotten by then. */
const MAX_UNANSWERED = 1_000;
/** How often a flood sends, in milliseconds. */
const FLOOD_EVERY_MS = 50;

/** Sends numbered messages at a steady rate, and measures how long each takes to come back. */
export class EchoLoad implements SessionLoad {
  readonly name: string;
  readonly session: MuxSession;
  latencies = new Latencies();
  readonly #io: CommandIo;
  readonly #everyMs: number;
  /** Messages that are sent together. */
  readonly #together: number;
  readonly #size: number;
  readonly #sentAtMs = new BoundedMap<bigint, number>(MAX_UNANSWERED);
  #number = 0n;

  /** `perSecond`: messages. `floods`: does not wait until a message may be sent. */
  constructor(
    name: string,
    session: MuxSession,
    io: CommandIo,
    { perSecond, size, floods = false }: { perSecond: number; size: number; floods?: boolean },
  ) {
    this.name = name;
    this.session = session;
    this.#io = io;
    this.#everyMs = floods ? FLOOD_EVERY_MS : 1_000 / perSecond;
    this.#together = floods ? Math.ceil((perSecond * FLOOD_EVERY_MS) / 1_000) : 1;
    this.#size = Math.max(MIN_SIZE_BYTES, size);
  }

  async run(signal: AbortSignal): Promise<void> {
    await Promise.race([this.#receive(), this.#send(signal)]);
  }

  async #send(signal: AbortSignal): Promise<void> {
    // Sessions that begin together do not send together.
    let dueMs = performance.now() + this.#io.ids.fraction() * this.#everyMs;
    while (!signal.aborted && this.session.state !== 'over') {
      await this.#io.timers.sleep(Math.max(0, dueMs - performance.now()), signal).catch(() => undefined);
      dueMs = Math.max(dueMs + this.#everyMs, performance.now() - this.#everyMs);
      if (signal.aborted) return;
      for (let sent = 0; sent < this.#together; sent += 1) this.#sendOne();
    }
  }

  #sendOne(): void {
    this.#number += 1n;
    const number = this.#number;
    const payload = new Uint8Array(this.#size);
    new DataView(payload.buffer).setBigUint64(0, number);
    const askedAtMs = performance.now();
    // What the queue has no room for, and what the end of the session drops, is not measured.
    this.session.send(payload).then(
      () => this.#sentAtMs.set(number, askedAtMs),
      () => undefined,
    );
  }

  async #receive(): Promise<void> {
    try {
      for await (const message of this.session) {
        if (message.type !== 'data') continue;
        const { buffer, byteOffset, byteLength } = message.bytes;
        const number = new DataView(buffer, byteOffset, byteLength).getBigUint64(0);
        const sentAtMs = this.#sentAtMs.get(number);
        this.#sentAtMs.delete(number);
        if (sentAtMs !== undefined) this.latencies.add(performance.now() - sentAtMs);
      }
    } catch {
      // How the session ended is told by itself.
    }
  }
}
