import { DomainError } from '../../domain/domain-error.ts';
import type { UserId } from '../../domain/identity/ids.ts';
import { controlSubscriberId, nameWithin } from '../../domain/multiplexing/subscriber-id.ts';
import type { SubscriberOwner } from '../../domain/multiplexing/subscriber-owner.ts';
import type { SubscriberState } from '../../domain/multiplexing/subscriber-state.ts';
import { cutPage } from '../cut-page.ts';
import type { EndSubscription } from '../multiplexing/end-subscription.ts';
import type { FleetBus } from '../ports/fleet/fleet-bus.ts';
import type { SubscriberDirectory } from '../ports/multiplexing/subscriber-directory.ts';

interface Deps {
  readonly directory: Pick<SubscriberDirectory, 'list' | 'find'>;
  readonly end: EndSubscription;
  readonly bus: Pick<FleetBus, 'tellControl'>;
}

/** A page of session routes and whom each belongs to. */
export interface OwnerPage {
  readonly owners: readonly SubscriberState[];
  /** The cursor of the next page; undefined when this is the last. */
  readonly next?: string;
}

/** Whom agents' session ids belong to. */
export class SessionOwners {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** By session id. @throws DomainError `request.invalid` for a cursor that is none; PortError of the directory. */
  async list(command: {
    readonly owner?: SubscriberOwner;
    readonly after?: string;
    readonly limit: number;
  }): Promise<OwnerPage> {
    const { owner, after, limit } = command;
    const found = await this.#deps.directory.list({
      realm: 'control',
      ...(owner === undefined ? {} : { owner }),
      ...(after === undefined ? {} : { after: controlSubscriberId(after) }),
      limit: limit + 1,
    });
    const { items: owners, ...next } = cutPage(found, limit, ({ id }) => nameWithin(id));
    return { owners, ...next };
  }

  /**
   * Takes a session id from its owner, so that whoever claims it next has it. What was stored for the owner stays his,
   * and his connections are told at once.
   *
   * @throws DomainError `subscriber.not_found`, `request.invalid` for what no session id is; PortError of the directory.
   */
  async release(command: {
    readonly sessionId: string;
    readonly by: UserId;
    readonly requestId: string;
  }): Promise<SubscriberState> {
    const { directory, end, bus } = this.#deps;
    const { sessionId, by, requestId } = command;
    const id = controlSubscriberId(sessionId);
    const owner = (await directory.find(id))?.owner;
    const released = await end.execute({
      id,
      audit: [
        {
          act: 'session_owner.released',
          outcome: 'done',
          actor: by,
          object: sessionId,
          requestId,
          ...(owner === undefined ? {} : { facts: { owner } }),
        },
      ],
    });
    if (released === undefined) {
      throw new DomainError('subscriber.not_found', 'Nobody owns a session of this id');
    }
    bus.tellControl({ kind: 'owners', sessionId });
    return released;
  }
}
