import type { UserId } from '../../domain/identity/ids.ts';
import type { EndElsewhere } from '../fleet/end-elsewhere.ts';
import type { UserStreams } from '../ports/identity/user-streams.ts';
import type { Log } from '../ports/log.ts';
import type { StreamRepository } from '../ports/streaming/stream-repository.ts';
import type { Timers } from '../ports/timers.ts';
import { STOPPED } from './engine/build-seal.ts';
import { endStream } from './engine/end-stream.ts';
import type { RunningStreams } from './engine/running-streams.ts';

/** How often a user's streams are looked for, because one of them may still be opening. */
const MAX_TRIES = 20;
/** Rest between two looks, in milliseconds. */
const TRY_AGAIN_MS = 50;

interface Deps {
  readonly streams: StreamRepository;
  readonly running: RunningStreams;
  readonly elsewhere: EndElsewhere;
  readonly timers: Timers;
  readonly log: Log;
}

/** A user's streams as auth sees them when chat lives in its process, those on other nodes too. */
export class LocalUserStreams implements UserStreams {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  async stopAll(userId: UserId): Promise<void> {
    const { running, timers } = this.#deps;
    for (let attempt = 0; attempt < MAX_TRIES; attempt += 1) {
      if (attempt > 0) await timers.sleep(TRY_AGAIN_MS);
      await Promise.all(
        running.ofOwner(userId).map((runner) => {
          runner.end(STOPPED);
          return runner.outcome;
        }),
      );
      if (!(await this.#mayRunOn(userId))) return;
    }
  }

  /**
   * Ends what runs on other nodes, and tells whether something may go on: a start that is under way has a row and no
   * runner yet. Without the store nothing more can be found out.
   */
  async #mayRunOn(userId: UserId): Promise<boolean> {
    const { streams, running, log } = this.#deps;
    try {
      const active = await streams.active(userId);
      // One that is being opened here may be told of only after nobody looks any more.
      for (const { id, state } of active) if (state === 'opening') running.stop(id);
      const others = active.filter(({ id, state }) => state === 'running' && running.find(id) === undefined);
      await Promise.all(others.map((stream) => endStream(this.#deps, stream)));
      return active.length > 0;
    } catch (error) {
      log.warn({ userId, err: error }, 'the streams of a closed account could not be looked up');
      return false;
    }
  }
}
