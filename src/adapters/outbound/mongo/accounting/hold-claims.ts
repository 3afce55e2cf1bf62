import type { Collection } from 'mongodb';
import {
  CreditReservation,
  type CreditReservationState,
  NOBODY,
} from '../../../../domain/accounting/credit-reservation.ts';
import { BoundedMap } from '../../../../domain/bounded-map.ts';
import type { UserId } from '../../../../domain/identity/ids.ts';
import { insertMissing } from '../insert-missing.ts';
import type { MongoStore } from '../mongo-store.ts';
import { RESERVATIONS, type ReservationDocument } from './ledger-documents.ts';

/** Most owners of ids that are remembered here. */
const MAX_REMEMBERED = 20_000;

/** An id that a hold is about to be stored under. */
export type Claim = Pick<ReservationDocument, '_id' | 'userId' | 'openedAtMs'>;

interface Waiting {
  readonly claims: readonly Claim[];
  readonly resolve: (taken: readonly ReservationDocument[]) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Who owns which reservation's id. A claim is inserted once and never goes, so that the duplicate key decides between
 * a reserve, another user's reserve and the abort of an unknown id. Claims that are made at once share a command.
 */
export class HoldClaims {
  readonly #store: MongoStore;
  readonly #documents: Collection<ReservationDocument>;
  readonly #owners = new BoundedMap<string, UserId>(MAX_REMEMBERED);
  #waiting: Waiting[] = [];
  #isScheduled = false;

  constructor(store: MongoStore) {
    this.#store = store;
    this.#documents = store.collection(RESERVATIONS);
  }

  /**
   * Makes those of these claims that nobody has made, and gives the others as they are.
   *
   * @throws PortError; a repeat is safe.
   */
  claim(claims: readonly Claim[]): Promise<readonly ReservationDocument[]> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ claims, resolve, reject });
      if (this.#isScheduled) return;
      this.#isScheduled = true;
      setImmediate(() => void this.#insertWaiting());
    });
  }

  /** Claims an id for nobody, so that no reserve can have it. False when it is somebody's. @throws PortError. */
  async claimForNobody(id: string, nowMs: number): Promise<boolean> {
    const claim = { _id: id, userId: NOBODY, openedAtMs: nowMs, unjournaled: true as const };
    const taken = await this.#insert([claim]);
    return taken.length === 0 || (await this.owner(id)) === NOBODY;
  }

  /** Whose an id is. @throws PortError. */
  async owner(id: string): Promise<UserId | undefined> {
    const remembered = this.#owners.get(id);
    if (remembered !== undefined) return remembered;
    const [found] = await this.find([id]);
    return found?.userId;
  }

  /** The claims of these ids, with what has become of them. @throws PortError. */
  async find(ids: readonly string[]): Promise<ReservationDocument[]> {
    const found = await this.#store.read(() => this.#documents.find({ _id: { $in: [...ids] } }).toArray());
    for (const { _id, userId } of found) this.#owners.set(_id, userId);
    return found;
  }

  /** Keeps reservations that their account is about to forget. @throws PortError; a repeat is safe. */
  async keep(closed: readonly CreditReservationState[]): Promise<void> {
    const updates = closed.map((state) => ({
      updateOne: { filter: { _id: state.id }, update: { $set: { closed: state } } },
    }));
    await this.#store.write(() => this.#documents.bulkWrite(updates, { ordered: false }));
  }

  async #insertWaiting(): Promise<void> {
    this.#isScheduled = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    try {
      const taken = await this.#insert(waiting.flatMap(({ claims }) => claims));
      const documents = taken.length === 0 ? [] : await this.find(taken);
      const found = new Map(documents.map((document) => [document._id, document]));
      for (const { claims, resolve } of waiting) {
        resolve(claims.flatMap(({ _id }) => found.get(_id) ?? []));
      }
    } catch (error) {
      for (const { reject } of waiting) reject(error);
    }
  }

  /** Inserts claims that are not there, and gives the ids of the others. */
  async #insert(claims: readonly ReservationDocument[]): Promise<string[]> {
    const taken = await this.#store.write(() => insertMissing(this.#documents, claims));
    const were = new Set(taken);
    for (const { _id, userId } of claims) if (!were.has(_id)) this.#owners.set(_id, userId);
    return taken;
  }
}

/** The reservation that a claim keeps, or the tombstone that it is; undefined while its account has the hold. */
export function reservationOf(claim: ReservationDocument): CreditReservationState | undefined {
  if (claim.closed !== undefined) return claim.closed;
  if (claim.userId !== NOBODY) return undefined;
  return CreditReservation.voided(claim._id, claim.openedAtMs).snapshot();
}
