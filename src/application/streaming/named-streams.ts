import type { AuditActor } from '../../domain/audit/audit-record.ts';
import { DomainError } from '../../domain/domain-error.ts';
import type { UserId } from '../../domain/identity/ids.ts';
import { type IdRefusal, idMismatch, readClaimedId } from '../../domain/streaming/claimed-id.ts';
import type { ChatId } from '../../domain/streaming/stream-id.ts';
import { StreamingSession } from '../../domain/streaming/streaming-session.ts';
import type { AuditTrail } from '../ports/audit-trail.ts';
import type { Digest } from '../ports/digest.ts';
import type { Metrics } from '../ports/metrics.ts';
import type { StreamRepository } from '../ports/streaming/stream-repository.ts';

/** A caller who names a stream of one of his chats. */
export interface StreamClaim {
  readonly owner: UserId;
  /** Who names it: the owner, unless a key of his does. */
  readonly actor?: AuditActor;
  readonly chatId: ChatId;
  /** What came in the id's place, whatever it is. */
  readonly claimedId: unknown;
  readonly requestId: string;
}

/**
 * Finds the stream that a caller names, by the id rule alone. Every refusal looks the same to the caller; its cause and
 * a hash of what came go to the audit.
 *
 * The embedded store is one copy: what it does not find is not there, so nothing is looked up again. A replicated
 * store waits, in its own `findOwned`, for what may not have reached it yet.
 */
export class NamedStreams {
  readonly #deps: { streams: StreamRepository; audit: AuditTrail; digest: Digest; metrics: Metrics };

  constructor(deps: { streams: StreamRepository; audit: AuditTrail; digest: Digest; metrics: Metrics }) {
    this.#deps = deps;
  }

  /** @throws DomainError `stream.id_mismatch`, always the same; PortError when the store is away. */
  async find(claim: StreamClaim): Promise<StreamingSession> {
    try {
      return await this.#find(claim);
    } catch (error) {
      if (error instanceof DomainError && error.code === 'stream.id_mismatch') {
        this.#record(claim, error.details.internal?.cause as IdRefusal);
      }
      throw error;
    }
  }

  async #find({ owner, chatId, claimedId }: StreamClaim): Promise<StreamingSession> {
    const { streams } = this.#deps;
    const id = readClaimedId(claimedId);
    const found = await streams.findOwned(owner, chatId, id);
    if (found === undefined) throw idMismatch(await streams.whereabouts(id));
    const session = StreamingSession.restore(found.session);
    session.requireNamedBy({ id, owner, chatId, newestOfChat: found.newestOfChat });
    return session;
  }

  #record({ owner, actor = owner, chatId, claimedId, requestId }: StreamClaim, cause: IdRefusal): void {
    const { audit, digest, metrics } = this.#deps;
    metrics.count('holdfast_stream_ids_refused_total', { cause });
    audit.refuse({
      act: 'stream.id_refused',
      outcome: 'refused',
      actor,
      object: chatId,
      requestId,
      facts: { cause, receivedSha256: digest.sha256Hex(textOf(claimedId)) },
    });
  }
}

/** What came, as text to hash; a value may be nested too deeply to be written out, and is then only called so. */
function textOf(claimedId: unknown): string {
  if (typeof claimedId === 'string') return claimedId;
  try {
    return JSON.stringify(claimedId) ?? '';
  } catch {
    return 'nested too deeply';
  }
}
