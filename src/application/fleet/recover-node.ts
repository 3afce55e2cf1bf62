import type { NodeId } from '../../domain/streaming/node-id.ts';
import type { StreamingSessionState } from '../../domain/streaming/streaming-session.ts';
import type { CreditHolds } from '../ports/accounting/credit-holds.ts';
import type { Clock } from '../ports/clock.ts';
import type { Digest } from '../ports/digest.ts';
import type { FleetBus } from '../ports/fleet/fleet-bus.ts';
import type { Log } from '../ports/log.ts';
import { PortError } from '../ports/port-error.ts';
import type { EventLog } from '../ports/streaming/event-log.ts';
import type { LiveTail } from '../ports/streaming/live-tail.ts';
import type { StreamRepository } from '../ports/streaming/stream-repository.ts';
import type { Timers } from '../ports/timers.ts';
import type { IntentSettler } from '../streaming/engine/intent-settler.ts';
import { sealFromLog } from '../streaming/engine/seal-from-log.ts';

/** Streams that are ended at once. */
const RECOVERIES_AT_ONCE = 16;
/** How often a node's streams are looked for: one that was opening may run by the time it is undone. */
const MAX_ROUNDS = 5;

/** What of a node's streams was ended by the caller. */
export interface Recovered {
  readonly abandoned: number;
  readonly interrupted: number;
  /** Those that somebody had wished stopped. */
  readonly stopped: number;
}

interface Deps {
  readonly streams: StreamRepository;
  readonly eventLog: EventLog;
  readonly tail: LiveTail;
  readonly bus: FleetBus;
  readonly settler: IntentSettler;
  readonly holds: CreditHolds;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  readonly digest: Digest;
}

/**
 * Ends what a node that is gone has left: undoes what was opening, because its reserve may have been carried out and
 * nobody was told of it; seals what was running as interrupted, or as stopped where that was wished, and tells its readers. Of several nodes that do it at once
 * each stream is ended by one; a node that was only paused meets those ends and stops.
 */
export class RecoverNode {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /**
   * @param command `goesOn`: asked before each slice of streams; false ends the work, because it is another's now.
   * @throws PortError when the store is away, or a stream could not be ended yet: do it again.
   */
  async execute(command: { node: NodeId; goesOn: () => Promise<boolean> }): Promise<Recovered> {
    const ends = { abandoned: 0, interrupted: 0, stopped: 0 };
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const left = await this.#deps.streams.drivenBy(command.node);
      if (left.length === 0) return ends;
      for (let from = 0; from < left.length; from += RECOVERIES_AT_ONCE) {
        if (!(await command.goesOn())) return ends;
        const slice = left.slice(from, from + RECOVERIES_AT_ONCE);
        for (const end of await Promise.all(slice.map((state) => this.#end(state)))) {
          if (end !== 'over') ends[end] += 1;
        }
      }
    }
    throw new PortError('conflict', 'store', 'streams of a node that is gone go on');
  }

  async #end(state: StreamingSessionState): Promise<keyof Recovered | 'over'> {
    const { streams, tail, bus, settler } = this.#deps;
    const { id } = state;
    if (state.state === 'opening') {
      // Settled by whoever settles what is stored: a start that runs by now is owed more than nothing.
      await streams.abandon(id, { kind: 'abort', id, tokens: 0 });
      return 'abandoned';
    }
    const ended = await sealFromLog(state, { kind: 'interrupt' }, this.#deps);
    // A writer that was only paused hears of it before it meets the end.
    bus.askToStop(id);
    if (ended.kind !== 'sealed') {
      // Whoever has ended it may have died before he told the readers.
      if (ended.kind === 'over') tail.disconnect(id);
      return 'over';
    }
    tail.publish(id, [ended.seal.terminal]);
    void settler.settle(ended.seal.intent);
    return ended.seal.session.state === 'stopped' ? 'stopped' : 'interrupted';
  }
}
