import { ObjectId } from 'mongodb';
import type { TicketRepository } from '../../../../application/ports/identity/ticket-repository.ts';
import type { Ticket } from '../../../../domain/identity/ticket.ts';
import { decideWrite } from '../decide.ts';
import type { MongoStore } from '../mongo-store.ts';
import { decideOnce } from './decide-once.ts';
import { type IdentityCollections, meetAt } from './identity-collections.ts';
import { ALL_TICKETS, ticketFrom } from './identity-documents.ts';
import type { Lanes } from './lanes.ts';

/** Tickets in MongoDB, until the first that is made after they have expired. */
export class MongoTicketRepository implements TicketRepository {
  readonly #store: MongoStore;
  readonly #in: IdentityCollections;
  readonly #lanes: Lanes;

  constructor(store: MongoStore, collections: IdentityCollections, lanes: Lanes) {
    this.#store = store;
    this.#in = collections;
    this.#lanes = lanes;
  }

  /** All tickets are counted together, so that all who add one meet. */
  async add(
    { sha256: _id, ...ticket }: Ticket,
    atMost: { readonly ofUser: number; readonly inAll: number },
  ): Promise<'added' | 'limit-reached'> {
    const { tickets } = this.#in;
    const { createdAtMs: nowMs, userId } = ticket;
    const waiting = { taken: { $exists: false }, expiresAtMs: { $gt: nowMs } };
    const outcome = await this.#lanes.run(ALL_TICKETS, () =>
      decideOnce<'added' | 'limit-reached'>(this.#store, {
        attempt: async (session) => {
          await meetAt(this.#in, ALL_TICKETS, session);
          const ofUser = await tickets.countDocuments({ userId, ...waiting }, { session });
          if (ofUser >= atMost.ofUser) return 'limit-reached';
          if ((await tickets.countDocuments(waiting, { session })) >= atMost.inAll) return 'limit-reached';
          await tickets.insertOne({ _id, ...ticket }, { session });
          return 'added';
        },
        keeps: (done) => done === 'added',
        known: async (session) =>
          (await tickets.findOne({ _id }, session && { session })) === null ? undefined : 'added',
      }),
    );
    // What has expired is neither counted nor given out, and whoever adds the next forgets what this one does not.
    await tickets.deleteMany({ expiresAtMs: { $lte: nowMs } }).catch(() => undefined);
    return outcome;
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
