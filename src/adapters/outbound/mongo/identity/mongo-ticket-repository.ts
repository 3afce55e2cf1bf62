import { type ClientSession, ObjectId } from 'mongodb';
import type { TicketRepository } from '../../../../application/ports/identity/ticket-repository.ts';
import type { UserId } from '../../../../domain/identity/ids.ts';
import type { Ticket } from '../../../../domain/identity/ticket.ts';
import { decideWrite } from '../decide.ts';
import { Gathered } from '../gathered.ts';
import type { MongoStore } from '../mongo-store.ts';
import { decideOnce } from './decide-once.ts';
import { type IdentityCollections, meetAt } from './identity-collections.ts';
import { ALL_TICKETS, type TicketDocument, ticketFrom } from './identity-documents.ts';

/** Most adds of one write. */
const MAX_ADDS_AT_ONCE = 64;

type Added = 'added' | 'limit-reached';
type Limits = Parameters<TicketRepository['add']>[1];

interface Add {
  readonly ticket: Ticket;
  readonly atMost: Limits;
}

/** How many tickets wait; it counts on with each that is admitted. */
interface Counts {
  readonly ofUsers: Map<UserId, number>;
  inAll: number;
}

/** Tickets in MongoDB, until the first that is made after they have expired. */
export class MongoTicketRepository implements TicketRepository {
  readonly #store: MongoStore;
  readonly #in: IdentityCollections;
  readonly #gathered = new Gathered<Add, Added>((adds) => this.#addAll(adds), {
    mostAtOnce: MAX_ADDS_AT_ONCE,
    inFlight: 1,
  });

  constructor(store: MongoStore, collections: IdentityCollections) {
    this.#store = store;
    this.#in = collections;
  }

  add(ticket: Ticket, atMost: Limits): Promise<Added> {
    return this.#gathered.do({ ticket, atMost });
  }

  /** All tickets are counted together, so that all who add one meet: those who wait for each other share one write. */
  async #addAll(adds: readonly Add[]): Promise<readonly Added[]> {
    const { tickets } = this.#in;
    const nowMs = Math.max(...adds.map(({ ticket }) => ticket.createdAtMs));
    const ids = adds.map(({ ticket }) => ticket.sha256);
    const outcomes = await decideOnce<Added[]>(this.#store, {
      attempt: async (session) => {
        await meetAt(this.#in, ALL_TICKETS, session);
        const counts = await this.#countWaiting(adds, nowMs, session);
        const decided = adds.map((add) => admitted(add, counts));
        const added = adds.filter((_, place) => decided[place] === 'added');
        if (added.length > 0) await tickets.insertMany(added.map(documentOf), { session });
        return decided;
      },
      keeps: (decided) => decided.includes('added'),
      known: async (session) => {
        const found = tickets.find(
          { _id: { $in: ids } },
          { ...(session && { session }), projection: { _id: 1 } },
        );
        const there = new Set((await found.toArray()).map(({ _id }) => _id));
        // What was added together is there together; where none is, none was, and all of it may be decided again.
        return there.size === 0
          ? undefined
          : ids.map((id) => (there.has(id) ? ('added' as const) : ('limit-reached' as const)));
      },
    });
    // What has expired is neither counted nor given out, and whoever adds the next forgets what this one does not.
    await tickets.deleteMany({ expiresAtMs: { $lte: nowMs } }).catch(() => undefined);
    return outcomes;
  }

  /** How many could still be redeemed, of each user who adds one and in all. */
  async #countWaiting(adds: readonly Add[], nowMs: number, session: ClientSession): Promise<Counts> {
    const { tickets } = this.#in;
    const waiting = { taken: { $exists: false }, expiresAtMs: { $gt: nowMs } };
    const users = [...new Set(adds.map(({ ticket }) => ticket.userId))];
    const ofUsers = new Map<UserId, number>();
    for (const userId of users) {
      ofUsers.set(userId, await tickets.countDocuments({ userId, ...waiting }, { session }));
    }
    return { ofUsers, inAll: await tickets.countDocuments(waiting, { session }) };
  }

  /** Taken by a mark and not by a deletion: whoever does not know whether he has deleted it could not be told. */
  async take(sha256: string, nowMs: number): Promise<Ticket | undefined> {
    const taken = new ObjectId();
    const { tickets } = this.#in;
    const found = await decideWrite(this.#store, {
      attempt: async () =>
        (await tickets.findOneAndUpdate({ _id: sha256, taken: { $exists: false } }, { $set: { taken } })) ??
        (await tickets.findOne({ _id: sha256, taken })),
      known: async () => (await tickets.findOne({ _id: sha256, taken })) ?? undefined,
    });
    if (found === null || nowMs >= found.expiresAtMs) return undefined;
    return ticketFrom(found);
  }
}

function admitted({ ticket: { userId }, atMost }: Add, counts: Counts): Added {
  const ofUser = counts.ofUsers.get(userId) ?? 0;
  if (ofUser >= atMost.ofUser || counts.inAll >= atMost.inAll) return 'limit-reached';
  counts.ofUsers.set(userId, ofUser + 1);
  counts.inAll += 1;
  return 'added';
}

const documentOf = ({ ticket: { sha256: _id, ...ticket } }: Add): TicketDocument => ({ _id, ...ticket });
