import type { Digest } from '../ports/digest.ts';
import type { EventLog } from '../ports/streaming/event-log.ts';
import type { StreamRepository } from '../ports/streaming/stream-repository.ts';
import type { CheckpointDeps } from '../streaming/engine/hold-checkpoint.ts';
import { sealFromLog } from '../streaming/engine/seal-from-log.ts';

interface Deps extends CheckpointDeps {
  readonly streams: StreamRepository;
  readonly eventLog: EventLog;
  readonly digest: Digest;
}

/**
 * Ends what is open in a store that no server runs on and that none will run on again: undoes what was opening, and seals
 * what was running as interrupted. What is owed for it stays in the store as it is stored.
 */
export class EndOpenStreams {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Idempotent. @throws PortError when the store is away. */
  async execute(): Promise<void> {
    const { streams } = this.#deps;
    for (const driver of await streams.drivers()) {
      for (const state of await streams.drivenBy(driver)) {
        const { id } = state;
        if (state.state === 'opening') await streams.abandon(id, { kind: 'abort', id, tokens: 0 });
        else await sealFromLog(state, { kind: 'interrupt' }, this.#deps);
      }
    }
  }
}
