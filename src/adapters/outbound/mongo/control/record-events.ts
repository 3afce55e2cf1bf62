import { type Collection, ObjectId } from 'mongodb';
import type { RecordOutcome } from '../../../../application/ports/control/agent-event-store.ts';
import { PortError } from '../../../../application/ports/port-error.ts';
import type { AgentEventState } from '../../../../domain/control/agent-event-state.ts';
import type { SubscriberOwner } from '../../../../domain/multiplexing/subscriber-owner.ts';
import { decideWrite } from '../decide.ts';
import { insertMissing } from '../insert-missing.ts';
import type { MongoStore } from '../mongo-store.ts';
import { type AgentEventDocument, eventDocument, stateFrom } from './control-documents.ts';

/** How often an event is recorded that is removed each time before it can be read. */
const ATTEMPTS = 5;
/** Documents of a name that are looked at, for each of those asked for, before each name is asked for alone. */
const NAMES_EACH = 8;

/** An event that is to be kept, and what became of it as far as that is known. */
interface Entry {
  readonly document: AgentEventDocument;
  outcome?: RecordOutcome;
}

/**
 * Keeps events by one unordered insert: what makes an event the same event is its key. Questions to persons are counted
 * once they are stored, and those that are too many taken back: of any number of racing callers the last to count sees
 * all the others'.
 */
export class RecordEvents {
  readonly #store: MongoStore;
  readonly #events: Collection<AgentEventDocument>;

  constructor(store: MongoStore, events: Collection<AgentEventDocument>) {
    this.#store = store;
    this.#events = events;
  }

  async record(states: readonly AgentEventState[], maxPendingReviews: number): Promise<RecordOutcome[]> {
    const write = new ObjectId();
    const entries: Entry[] = states.map((state) => ({ document: eventDocument(state, write) }));
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const open = entries.filter(({ outcome }) => outcome === undefined);
      if (open.length === 0) return entries.flatMap(({ outcome }) => outcome ?? []);
      await this.#attempt(open, maxPendingReviews);
    }
    throw new PortError('unavailable', 'store', 'an event is removed as often as it is recorded');
  }

  async #attempt(entries: readonly Entry[], maxPendingReviews: number): Promise<void> {
    await this.#refuseSurely(entries, maxPendingReviews);
    const open = entries.filter(({ outcome }) => outcome === undefined);
    const inserted = await this.#insert(open);
    await this.#takeBack(inserted, maxPendingReviews);
    await this.#findVariants(inserted.filter(({ outcome }) => outcome === undefined));
  }

  /** Questions of owners who have as many as they may before anything is written; what is known is none. */
  async #refuseSurely(entries: readonly Entry[], maxPendingReviews: number): Promise<void> {
    const asking = entries.filter(isAsking);
    if (asking.length === 0) return;
    const full = new Set<SubscriberOwner>();
    for (const owner of new Set(asking.map(({ document }) => document.owner))) {
      if ((await this.#pendingOf(owner)) >= maxPendingReviews) full.add(owner);
    }
    const refused = asking.filter(({ document }) => full.has(document.owner));
    await this.#findKnown(refused);
    for (const entry of refused) entry.outcome ??= { kind: 'reviews-full' };
  }

  /**
   * Stores those that are not there yet, and tells of the others what is there. What a first try has stored, of which
   * nobody heard, is found as this call's own. One that was there and has gone since is told nothing of.
   */
  async #insert(entries: readonly Entry[]): Promise<Entry[]> {
    const documents = entries.map(({ document }) => document);
    const present = await decideWrite<ReadonlyMap<string, AgentEventDocument | undefined>>(this.#store, {
      attempt: async () => {
        const refused = new Map<string, AgentEventDocument | undefined>();
        for (const key of await insertMissing(this.#events, documents)) refused.set(key, undefined);
        if (refused.size === 0) return refused;
        const found = this.#events.find({ _id: { $in: [...refused.keys()] } });
        for (const document of await found.toArray()) refused.set(document._id, document);
        return refused;
      },
      // Another try tells.
      known: async () => undefined,
    });
    return entries.filter((entry) => {
      const { _id, id, write } = entry.document;
      if (!present.has(_id)) return true;
      const there = present.get(_id);
      const isOurs = there?.id === id && there.write.equals(write);
      if (there !== undefined && !isOurs) entry.outcome = { kind: 'known', state: stateFrom(there) };
      return isOurs;
    });
  }

  async #takeBack(inserted: readonly Entry[], maxPendingReviews: number): Promise<void> {
    const asking = inserted.filter(isAsking);
    for (const owner of new Set(asking.map(({ document }) => document.owner))) {
      const excess = (await this.#pendingOf(owner)) - maxPendingReviews;
      if (excess <= 0) continue;
      const own = asking.filter(({ document }) => document.owner === owner).slice(-excess);
      for (const entry of own) {
        const { _id, mark } = entry.document;
        // One that somebody has decided meanwhile stays.
        const isGone = await decideWrite<boolean>(this.#store, {
          attempt: async () => (await this.#events.deleteOne({ _id, mark })).deletedCount === 1,
          known: async () => ((await this.#events.findOne({ _id })) === null ? true : undefined),
        });
        if (isGone) entry.outcome = { kind: 'reviews-full' };
      }
    }
  }

  #pendingOf(owner: SubscriberOwner): Promise<number> {
    return this.#store.read(() => this.#events.countDocuments({ owner, 'review.status': 'pending' }));
  }

  async #findKnown(entries: readonly Entry[]): Promise<void> {
    if (entries.length === 0) return;
    const keys = entries.map(({ document }) => document._id);
    const found = await this.#store.read(() => this.#events.find({ _id: { $in: keys } }).toArray());
    const states = new Map(found.map((document) => [document._id, stateFrom(document)]));
    for (const entry of entries) {
      const state = states.get(entry.document._id);
      if (state !== undefined) entry.outcome = { kind: 'known', state };
    }
  }

  /** Whether the owner has used the id of each before, for other bytes. */
  async #findVariants(entries: readonly Entry[]): Promise<void> {
    if (entries.length === 0) return;
    const places = new Map(entries.map(({ document }, place) => [document._id, place]));
    const limit = entries.length * NAMES_EACH;
    const named = await this.#named(
      {
        'claims.eventId': { $in: [...new Set(entries.map(({ document }) => document.claims.eventId))] },
        owner: { $in: [...new Set(entries.map(({ document }) => document.owner))] },
      },
      limit,
    );
    for (const [place, entry] of entries.entries()) {
      const { owner, claims } = entry.document;
      const alike =
        named.length < limit
          ? named
          : await this.#named({ 'claims.eventId': claims.eventId, owner }, entries.length + 1);
      const isVariant = alike.some(
        (other) =>
          other.owner === owner &&
          other.claims.eventId === claims.eventId &&
          // Those of this call that come later are variants of this one.
          (places.get(other._id) ?? -1) < place,
      );
      entry.outcome = { kind: 'recorded', isVariant };
    }
  }

  #named(
    filter: object,
    limit: number,
  ): Promise<ReadonlyArray<Pick<AgentEventDocument, '_id' | 'owner' | 'claims'>>> {
    const projection = { _id: 1, owner: 1, 'claims.eventId': 1 };
    return this.#store.read(() => this.#events.find(filter, { projection, limit }).toArray());
  }
}

const isAsking = ({ document }: Entry): boolean => document.review?.status === 'pending';
