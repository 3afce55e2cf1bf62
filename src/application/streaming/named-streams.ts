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
import type { SecondLooks } from './second-looks.ts';

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

interface Deps {
  readonly streams: StreamRepository;
  readonly secondLooks: SecondLooks;
  readonly audit: AuditTrail;
  readonly digest: Digest;
  readonly metrics: Metrics;
}

/**
 * Finds the stream that a caller names, by the id rule alone. Every refusal looks the same to the caller; its cause and
 * a hash of what came go to the audit.
 *
 * The embedded store is one copy: what it does not find is not there, so nothing is looked up again. In a replicated
 * store it may not be seen yet: whatever id has the form of one and would be refused is looked for again for a moment.
 */
export class NamedStreams {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** @throws DomainError `stream.id_mismatch`, always the same; PortError when the store is away. */
  async find(claim: StreamClaim): Promise<StreamingSession> {
    const found = await this.#look(claim);
    if (found instanceof StreamingSession) return found;
    const isAnId = found.cause !== 'missing' && found.cause !== 'malformed';
    const later = isAnId ? await this.#lookAgain(claim) : undefined;
    if (later !== undefined) return later;
    this.#record(claim, found.cause);
    throw idMismatch(found.cause);
  }

  #lookAgain(claim: StreamClaim): Promise<StreamingSession | undefined> {
    return this.#deps.secondLooks.during(claim.owner, async () => {
      const found = await this.#look(claim);
      return found instanceof StreamingSession ? found : undefined;
    });
  }

  /** The stream, or why the id does not name one. */
  async #look(claim: StreamClaim): Promise<StreamingSession | { readonly cause: IdRefusal }> {
    try {
      return await this.#find(claim);
    } catch (error) {
      if (!(error instanceof DomainError) || error.code !== 'stream.id_mismatch') throw error;
      return { cause: error.details.internal?.cause as IdRefusal };
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
