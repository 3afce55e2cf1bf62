import { DomainError } from '../../domain/domain-error.ts';
import type { UserId } from '../../domain/identity/ids.ts';
import { claimedMuxId } from '../../domain/multiplexing/subscriber-id.ts';
import type { AuditTrail } from '../ports/audit-trail.ts';
import type { SubscriberDirectory } from '../ports/multiplexing/subscriber-directory.ts';
import { PortError } from '../ports/port-error.ts';
import type { EndSubscription } from './end-subscription.ts';
import type { FleetConnections } from './fleet-connections.ts';

interface Deps {
  readonly fleet: FleetConnections;
  readonly directory: Pick<SubscriberDirectory, 'find'>;
  readonly end: EndSubscription;
  readonly audit: AuditTrail;
}

/** What an operator ends. */
export interface KickCommand {
  readonly connection: string;
  /** One session on it; without it the whole connection. */
  readonly sessionId?: string;
  readonly by: UserId;
  readonly requestId: string;
}

/** Ends a connection with its sessions, or one session of it, on whichever node it is. What is ended cannot be resumed. */
export class KickConnection {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /**
   * @throws DomainError `connection.not_found`, `subscriber.not_found`. PortError `unavailable` when a node that may have
   *   it cannot be asked, or the audit log or the directory is away: nothing has happened then.
   */
  async execute({ sessionId, ...command }: KickCommand): Promise<void> {
    if (sessionId === undefined) await this.#kick(command);
    else await this.#kickSession({ ...command, sessionId });
  }

  async #kick({ connection, by, requestId }: Omit<KickCommand, 'sessionId'>): Promise<void> {
    const { fleet, audit } = this.#deps;
    const { answers, missing } = await fleet.ask({ kind: 'owner', connection });
    const owner = answers.find((answer) => answer.owner !== undefined)?.owner;
    if (owner === undefined && missing.length === 0) throw notThere();
    if (owner === undefined) throw new PortError('unavailable', 'nodes', 'a node does not answer');
    await audit.act({
      act: 'mux.connection_kicked',
      outcome: 'done',
      actor: by,
      object: connection,
      requestId,
      facts: { owner },
    });
    const kicked = await fleet.ask({ kind: 'kick', connection });
    const isClosed = kicked.answers.some(({ wasOpen }) => wasOpen === true);
    if (!isClosed && kicked.missing.length > 0) {
      throw new PortError('timeout', 'nodes', 'a node does not answer any more');
    }
  }

  async #kickSession({ connection, sessionId, by, requestId }: Required<KickCommand>): Promise<void> {
    const { fleet, directory, end } = this.#deps;
    const id = claimedMuxId(sessionId);
    const found = id && (await directory.find(id));
    const isOnIt = found?.holders.some((holder) => holder.connection === connection) === true;
    if (id === undefined || found === undefined || !isOnIt) {
      throw new DomainError('subscriber.not_found', 'This connection has no such session');
    }
    const facts = { owner: found.owner, connection };
    const record = { act: 'mux.session_kicked', outcome: 'done', actor: by, requestId, facts } as const;
    await end.execute({ id, audit: [{ ...record, object: id }] });
    // Whoever does not hear of it now finds out by looking at what it has open.
    await fleet.ask({ kind: 'kick-session', id });
  }
}

const notThere = (): DomainError => new DomainError('connection.not_found', 'No node has such a connection');
