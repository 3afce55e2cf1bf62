import type { Clock } from '../ports/clock.ts';
import type { Digest } from '../ports/digest.ts';
import type { Log } from '../ports/log.ts';
import type { EventLog } from '../ports/streaming/event-log.ts';
import type { StreamRepository } from '../ports/streaming/stream-repository.ts';
import { sealInterrupted } from './engine/seal-interrupted.ts';

interface Deps {
  readonly streams: StreamRepository;
  readonly eventLog: EventLog;
  readonly clock: Clock;
  readonly digest: Digest;
  readonly log: Log;
}

/** Ends, at start and before anybody is served, what an earlier run left open. */
export class RecoverStreams {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /**
   * Undoes what was opening, because its reserve may have been carried out and nobody was told of it; seals what was
   * running as interrupted. Idempotent.
   */
  async execute(): Promise<{ readonly abandoned: number; readonly interrupted: number }> {
    const { streams, log } = this.#deps;
    let abandoned = 0;
    let interrupted = 0;
    for (const state of await streams.active()) {
      if (state.state === 'opening') {
        await streams.abandon(state.id, { kind: 'abort', id: state.id, tokens: 0 });
        abandoned += 1;
      } else if ((await sealInterrupted(state, this.#deps)) !== undefined) {
        interrupted += 1;
      }
    }
    if (abandoned + interrupted > 0)
      log.info({ abandoned, interrupted }, 'recovered the streams of an earlier run');
    return { abandoned, interrupted };
  }
}
