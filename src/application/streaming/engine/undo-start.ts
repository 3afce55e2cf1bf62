import { StreamingSession, type StreamingSessionState } from '../../../domain/streaming/streaming-session.ts';
import type { CreditHolds, SettlementIntent } from '../../ports/accounting/credit-holds.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Digest } from '../../ports/digest.ts';
import type { IdSource } from '../../ports/id-source.ts';
import type { Log } from '../../ports/log.ts';
import type { EventLog } from '../../ports/streaming/event-log.ts';
import type { LiveTail } from '../../ports/streaming/live-tail.ts';
import type { StreamRepository } from '../../ports/streaming/stream-repository.ts';
import type { Timers } from '../../ports/timers.ts';
import type { IntentSettler } from './intent-settler.ts';
import { retryUntilDone } from './retry-until-done.ts';
import { sealFromLog } from './seal-from-log.ts';

interface Deps {
  readonly streams: StreamRepository;
  readonly eventLog: EventLog;
  readonly tail: LiveTail;
  readonly settler: IntentSettler;
  readonly holds: CreditHolds;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly ids: IdSource;
  readonly digest: Digest;
  readonly log: Log;
}

/** Undoes a start that was refused after it had claimed the slot; never throws, so that the refusal reaches its caller. */
export class UndoStart {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /**
   * Tries at once; while the store is away the slot stays taken and the undoing is retried behind the caller's back.
   *
   * @param command `intent`: what accounting must hear because it may hold credit for this stream.
   */
  async execute(command: { session: StreamingSessionState; intent?: SettlementIntent }): Promise<void> {
    const { timers, ids, log } = this.#deps;
    try {
      await this.#undo(command);
    } catch (error) {
      const { id } = command.session;
      log.warn({ streamId: id, err: error }, 'a refused start is undone later');
      const onFailure = (cause: unknown, attempt: number): void =>
        log.warn({ streamId: id, attempt, err: cause }, 'a refused start is still not undone');
      void retryUntilDone(() => this.#undo(command), { timers, ids, onFailure });
    }
  }

  async #undo({
    session,
    intent,
  }: {
    session: StreamingSessionState;
    intent?: SettlementIntent;
  }): Promise<void> {
    const { streams, settler } = this.#deps;
    await streams.abandon(session.id, intent);
    const found = await streams.findOwned(session.owner, session.chatId, session.id);
    // The activation whose outcome was unknown has been carried out after all.
    if (found !== undefined) await this.#end(found.session);
    if (intent !== undefined) void settler.settle(intent);
  }
  /** Whoever has found the stream running meanwhile and reads it is told. */
  async #end(session: StreamingSessionState): Promise<void> {
    const { tail } = this.#deps;
    if (StreamingSession.restore(session).isRunning) {
      const ended = await sealFromLog(session, { kind: 'interrupt' }, this.#deps);
      if (ended.kind === 'sealed') {
        tail.publish(session.id, [ended.seal.terminal]);
        return;
      }
    }
    // It was ended by a try whose outcome was unknown, or by somebody else: the log tells.
    tail.disconnect(session.id);
  }
}
