import { setImmediate as nextTurn } from 'node:timers/promises';
import type { EventSource, IncomingEvent } from '../../../application/control/event-arrival.ts';
import type { OwnerRates } from '../../../application/control/owner-rates.ts';
import type { OwnerRoom } from '../../../application/control/owner-room.ts';
import type { TakeEvents, Taken } from '../../../application/control/take-events.ts';
import type { Clock } from '../../../application/ports/clock.ts';
import type { AgentEventState, EventClaims } from '../../../domain/control/agent-event-state.ts';
import { RunOrder } from './run-order.ts';

/** Most events of one connection that are being taken at the same time. */
export const MAX_UNDER_WAY = 256;
/** So many events are begun before everything else has its turn: they could follow each other for seconds. */
const BEGUN_IN_A_TURN = 16;
/** Most bytes of these, unless a single one has more: 8 MiB. */
export const MAX_BYTES_UNDER_WAY = 8_388_608;

interface Deps {
  readonly take: Pick<TakeEvents, 'take'>;
  readonly rates: Pick<OwnerRates, 'admit'>;
  /** What all connections of the owner have together. */
  readonly room: Pick<OwnerRoom, 'enter' | 'leave'>;
  readonly clock: Pick<Clock, 'nowMs'>;
  /** Told of each event when it is taken and its turn in its run has come. */
  readonly onTaken: (taken: Taken, claims: EventClaims, source: EventSource) => void;
}

/** What makes an event the same on one connection. */
const identityOf = (eventId: string, sha256: string): string => `${sha256} ${eventId}`;

/** Takes the events of one connection: many at once, no more than it may, and those of a run leave in their order. */
export class EventIntake {
  readonly #deps: Deps;
  readonly #order = new RunOrder<Taken>();
  /** Events that have not left, and how often each came. */
  readonly #underWay = new Map<string, number>();
  #count = 0;
  #bytes = 0;
  #wake: (() => void) | undefined;
  /** When reading went on that had paused at the owner's rate. */
  #readOnAtMs = 0;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** How many events are under way. */
  get size(): number {
    return this.#count;
  }

  /** Whether the verdict on an event is still to leave in its turn. */
  isUnderWay({ claims, sha256 }: AgentEventState): boolean {
    return this.#underWay.has(identityOf(claims.eventId, sha256));
  }

  /**
   * Takes events, the first ones first. Resolves when the last one has been begun: until then nothing more is to be read.
   * Waiting for room takes of the time that an event has for its verdict; while reading pauses at the owner's rate,
   * nothing counts as received.
   *
   * @param when `receivedAtMs` is when the events came; `gone` aborts when the client has gone, and then what may not
   *   come in at once is not taken.
   * @returns how many were not taken.
   */
  async accept(
    source: EventSource,
    events: readonly (() => IncomingEvent)[],
    { receivedAtMs, gone }: { readonly receivedAtMs: number; readonly gone: AbortSignal },
  ): Promise<number> {
    const { rates, room, clock } = this.#deps;
    const { owner } = source;
    let left = events.length;
    for (const read of events) {
      try {
        const admitted = rates.admit(owner, gone);
        if (admitted !== undefined) {
          await admitted;
          this.#readOnAtMs = clock.nowMs();
        }
        const ownRoom = this.#room();
        if (ownRoom !== undefined) await ownRoom;
        if (left % BEGUN_IN_A_TURN === 0) await nextTurn();
        const event = read();
        const entered = room.enter(owner, event.bytes.byteLength, gone);
        if (entered !== undefined) await entered;
        this.#begin(source, event, Math.max(receivedAtMs, this.#readOnAtMs));
      } catch (error) {
        if (!gone.aborted) throw error;
        return left;
      }
      left -= 1;
    }
    return 0;
  }

  /** Nothing that waits keeps more of an event than what it claims: what was classified is forgotten at once. */
  #begin(source: EventSource, event: IncomingEvent, sinceMs: number): void {
    const { claims, sha256, bytes } = event;
    const { owner } = source;
    const size = bytes.byteLength;
    const identity = identityOf(claims.eventId, sha256);
    this.#underWay.set(identity, (this.#underWay.get(identity) ?? 0) + 1);
    this.#count += 1;
    this.#bytes += size;
    const leave = (taken: Taken): void => {
      const others = (this.#underWay.get(identity) ?? 1) - 1;
      if (others === 0) this.#underWay.delete(identity);
      else this.#underWay.set(identity, others);
      this.#count -= 1;
      this.#bytes -= size;
      this.#deps.room.leave(owner, size);
      this.#deps.onTaken(taken, claims, source);
      this.#wake?.();
    };
    this.#order.inTurn(claims.runId, this.#deps.take.take(source, event, sinceMs), leave);
  }

  #hasRoom(): boolean {
    return this.#count < MAX_UNDER_WAY && this.#bytes < MAX_BYTES_UNDER_WAY;
  }

  #room(): Promise<void> | undefined {
    if (this.#hasRoom()) return undefined;
    return new Promise((resolve) => {
      this.#wake = () => {
        if (!this.#hasRoom()) return;
        this.#wake = undefined;
        resolve();
      };
    });
  }
}
