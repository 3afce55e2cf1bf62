import type { StreamingSessionState } from '../../../domain/streaming/streaming-session.ts';
import type { CreditHolds } from '../../ports/accounting/credit-holds.ts';
import type { Digest } from '../../ports/digest.ts';
import { PortError } from '../../ports/port-error.ts';
import type { Seal, StreamRepository } from '../../ports/streaming/stream-repository.ts';
import { announceEnd } from './announce-end.ts';
import type { EventWriterDeps, WriterFault } from './event-writer.ts';
import type { IntentSettler } from './intent-settler.ts';
import { retryDelayMs, retryUntilDone } from './retry-until-done.ts';
import { sealFromLog } from './seal-from-log.ts';

/** What the end of a stream came to, as far as whoever ended it can be told. */
export type EndOutcome =
  | { readonly kind: 'sealed'; readonly session: StreamingSessionState }
  /** Somebody else ended it: read it again. */
  | { readonly kind: 'lost' }
  /** The store is away; the stream is sealed as interrupted as soon as it is back. */
  | { readonly kind: 'stalled' };

/** What ends a stream in the store, at accounting and towards its readers. */
export interface StreamCloserDeps extends EventWriterDeps {
  readonly streams: StreamRepository;
  readonly digest: Digest;
  readonly settler: IntentSettler;
  readonly holds: CreditHolds;
  /** Aborts when the program ends: what is not sealed then is sealed at the next start. */
  readonly shutdown: AbortSignal;
}

/** Seals one stream, settles it, and tells its readers; when the store stays away, keeps trying after they have gone. */
export class StreamCloser {
  readonly #deps: StreamCloserDeps;
  readonly #running: StreamingSessionState;

  constructor(deps: StreamCloserDeps, running: StreamingSessionState) {
    this.#deps = deps;
    this.#running = running;
  }

  /**
   * Closes a stream whose writer stands still. Resolves when nothing is left to do; `tell` hears the outcome earlier.
   *
   * @param cause what broke the writer, or the maker of the seal when nothing did.
   */
  async close(cause: WriterFault | (() => Seal), tell: (outcome: EndOutcome) => void): Promise<void> {
    const outcome = typeof cause === 'string' ? cause : await this.#sealInTime(cause());
    if (typeof outcome !== 'string') {
      await announceEnd(outcome, this.#deps);
      tell({ kind: 'sealed', session: outcome.session });
      return;
    }
    this.#deps.tail.disconnect(this.#running.id);
    tell({ kind: outcome });
    if (outcome === 'stalled') await this.#sealLate();
  }

  /** Tries to seal for as long as an event may wait to be stored. */
  async #sealInTime(seal: Seal): Promise<Seal | WriterFault> {
    const { clock, timers, ids, log, streams, settings } = this.#deps;
    const sinceMs = clock.nowMs();
    for (let attempt = 1; ; attempt += 1) {
      try {
        if ((await streams.seal(seal)) === 'sealed') return seal;
        return attempt > 1 && (await this.#isStored(seal)) ? seal : 'lost';
      } catch (error) {
        log.warn({ streamId: this.#running.id, attempt, err: error }, 'a stream could not be sealed');
        if (clock.nowMs() - sinceMs >= settings.storeStallMs) return 'stalled';
        await timers.sleep(retryDelayMs(attempt, ids));
      }
    }
  }

  /** After an unknown outcome: whether the stream has ended by this very seal. */
  async #isStored(seal: Seal): Promise<boolean> {
    const { owner, chatId, id } = this.#running;
    const found = await this.#deps.streams.findOwned(owner, chatId, id);
    const end = found?.session.end;
    return end !== undefined && JSON.stringify(end) === JSON.stringify(seal.session.end);
  }

  /** The first write that succeeds ends the stream; whoever came first may have been a write of our own. */
  async #sealLate(): Promise<void> {
    const { streams, timers, ids, log, shutdown } = this.#deps;
    const onFailure = (error: unknown, attempt: number): void =>
      log.warn(
        { streamId: this.#running.id, attempt, err: error },
        'an interrupted stream is still not sealed',
      );
    const { owner, chatId, id } = this.#running;
    const work = async (): Promise<void> => {
      // Somebody may have wished it stopped while nothing could be stored here.
      const found = await streams.findOwned(owner, chatId, id);
      if (found?.session.state !== 'running') return;
      const ended = await sealFromLog(found.session, { kind: 'interrupt' }, this.#deps);
      if (ended.kind === 'sealed') await announceEnd(ended.seal, this.#deps);
      else if (ended.kind === 'busy')
        throw new PortError('conflict', 'store', 'events were stored meanwhile');
    };
    await retryUntilDone(work, { timers, ids, onFailure }, shutdown);
  }
}
