import { eventCursor, isAgentEventId } from '../../domain/control/agent-event-id.ts';
import type { AgentEventState } from '../../domain/control/agent-event-state.ts';
import { DomainError } from '../../domain/domain-error.ts';
import type { UserId } from '../../domain/identity/ids.ts';
import type { SubscriberOwner } from '../../domain/multiplexing/subscriber-owner.ts';
import type { AuditTrail } from '../ports/audit-trail.ts';
import type { AgentEventStore } from '../ports/control/agent-event-store.ts';
import { type EventPage, readEventPage } from './event-pages.ts';

interface Deps {
  readonly store: AgentEventStore;
  readonly audit: AuditTrail;
}

/** Who reads. */
interface Reading {
  readonly reader: UserId;
  readonly requestId: string;
}

/** Which events, and from where on. */
interface PageCommand extends Reading {
  readonly owner?: SubscriberOwner;
  readonly sessionId?: string;
  readonly agentId?: string;
  readonly after?: string;
  readonly limit: number;
}

/** Shows agents' events to those who watch over them. Each reading is audited before anything is shown. */
export class ReadEvents {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Newest first. @throws DomainError `request.invalid` for a cursor that is none; PortError of the stores. */
  execute(command: PageCommand): Promise<EventPage> {
    return this.#page(command, 'newest-first', command.sessionId);
  }

  /** What happened in a session, in its order. @throws as `execute`. */
  timeline(command: PageCommand & { readonly sessionId: string }): Promise<EventPage> {
    return this.#page(command, 'oldest-first', command.sessionId);
  }

  /**
   * One event, by the server's own id, or the newest one that a client has given this id.
   *
   * @throws DomainError `event.not_found`; PortError of the stores.
   */
  async one(
    command: Reading & { readonly id: string; readonly owner?: SubscriberOwner },
  ): Promise<AgentEventState> {
    const { id, owner } = command;
    const found = await this.#find(id, owner);
    if (found === undefined) throw new DomainError('event.not_found', 'There is no such event');
    await this.#record(command, found.id);
    return found;
  }

  async #find(id: string, owner: SubscriberOwner | undefined): Promise<AgentEventState | undefined> {
    const { store } = this.#deps;
    const own = isAgentEventId(id) ? await store.find(id) : undefined;
    if (own !== undefined && (owner === undefined || own.owner === owner)) return own;
    // A client may give its events any id, also one that has the form of the server's.
    return store.findNewest(id, owner);
  }

  async #page(
    command: PageCommand,
    order: 'newest-first' | 'oldest-first',
    object: string | undefined,
  ): Promise<EventPage> {
    const { owner, sessionId, agentId, after, limit } = command;
    const page = await readEventPage(this.#deps.store, {
      ...(owner === undefined ? {} : { owner }),
      ...(sessionId === undefined ? {} : { sessionId }),
      ...(agentId === undefined ? {} : { agentId }),
      ...(after === undefined ? {} : { after: eventCursor(after) }),
      order,
      limit,
    });
    if (page.events.length > 0) await this.#record(command, object);
    return page;
  }

  #record({ reader, requestId }: Reading, object: string | undefined): Promise<void> {
    return this.#deps.audit.act({
      act: 'agent_event.read',
      outcome: 'done',
      actor: reader,
      requestId,
      ...(object === undefined ? {} : { object }),
    });
  }
}
