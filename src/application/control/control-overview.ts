import type { Clock } from '../ports/clock.ts';
import type { AgentEventStore, EventStatistics } from '../ports/control/agent-event-store.ts';

/** What an overview looks back at unless told otherwise, in milliseconds: 24 hours. */
export const OVERVIEW_MS = 86_400_000;

interface Deps {
  readonly store: Pick<AgentEventStore, 'statistics'>;
  readonly clock: Clock;
}

/** Counts what agents did lately. */
export class ControlOverview {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Over the events that came since a time, or in the last 24 hours. @throws PortError of the store. */
  async execute(command: {
    readonly sinceMs?: number;
  }): Promise<EventStatistics & { readonly sinceMs: number }> {
    const { store, clock } = this.#deps;
    const sinceMs = command.sinceMs ?? clock.nowMs() - OVERVIEW_MS;
    return { ...(await store.statistics(sinceMs)), sinceMs };
  }
}
