import { AgentEvent } from '../../domain/control/agent-event.ts';
import type { AgentEventState, AgentRoute } from '../../domain/control/agent-event-state.ts';
import type { Clock } from '../ports/clock.ts';
import type { AgentEventStore } from '../ports/control/agent-event-store.ts';
import type { FleetBus } from '../ports/fleet/fleet-bus.ts';
import type { IdSource } from '../ports/id-source.ts';
import type { Log } from '../ports/log.ts';
import { routeKey } from './agent-connections.ts';
import type { DeliveryMarks } from './delivery-marks.ts';

/** Most verdicts of one connection that are looked at together. */
const ORPHANED_AT_ONCE = 200;

interface Deps {
  readonly store: Pick<AgentEventStore, 'ofConnection' | 'put'>;
  readonly marks: DeliveryMarks;
  readonly bus: FleetBus;
  readonly clock: Clock;
  readonly ids: Pick<IdSource, 'uuid'>;
  readonly log: Log;
}

/** Takes connections that have gone out of the verdicts that name them, so that another connection, on any node, gets these. */
export class OrphanedVerdicts {
  readonly #deps: Deps;
  /** Connections that have gone and whose verdicts may still name them. */
  readonly #gone = new Set<string>();
  readonly #underWay = new Map<string, { again: boolean }>();

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** A connection has gone, or something that came by one which has. Never rejects; what fails is tried again. */
  async of(connection: string): Promise<void> {
    this.#gone.add(connection);
    await this.#redirect(connection);
  }

  /** Tries again what could not be stored. Never rejects. */
  async tryAgain(): Promise<void> {
    for (const connection of [...this.#gone]) await this.#redirect(connection);
  }

  async #redirect(connection: string): Promise<void> {
    // What is asked for while it is under way is one more go, however often it was asked for.
    const underWay = this.#underWay.get(connection);
    if (underWay !== undefined) {
      underWay.again = true;
      return;
    }
    const going = { again: true };
    this.#underWay.set(connection, going);
    while (going.again) {
      going.again = false;
      await this.#redirectOnce(connection);
    }
    this.#underWay.delete(connection);
  }

  async #redirectOnce(connection: string): Promise<void> {
    const { store, marks, log, bus } = this.#deps;
    try {
      // What has come already must not become due to somebody else.
      await marks.flushed();
      const touched = new Map<string, AgentRoute>();
      for (;;) {
        const states = await store.ofConnection(connection, ORPHANED_AT_ONCE);
        if (states.length === 0) break;
        await Promise.all(states.map((state) => this.#orphan(connection, state)));
        for (const { owner, sessionId } of states) {
          touched.set(routeKey({ owner, sessionId }), { owner, sessionId });
        }
      }
      this.#gone.delete(connection);
      for (const route of touched.values()) bus.tellControl({ kind: 'due', route });
    } catch (error) {
      log.debug({ err: error }, 'verdicts of a lost connection could not be redirected; it is tried again');
    }
  }

  async #orphan(connection: string, state: AgentEventState): Promise<void> {
    const { store, clock, ids } = this.#deps;
    const to = { nowMs: clock.nowMs(), mark: ids.uuid() };
    const next = AgentEvent.restore(state).orphaned(connection, to);
    if (next !== undefined) await store.put(next.snapshot(), state.mark);
  }
}
