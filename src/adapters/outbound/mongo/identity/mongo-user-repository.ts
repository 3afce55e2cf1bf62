import { type Document, type Filter, ObjectId } from 'mongodb';
import type {
  SessionsChange,
  UserChangeOutcome,
  UserPage,
  UserRepository,
} from '../../../../application/ports/identity/user-repository.ts';
import type { AuditRecord } from '../../../../domain/audit/audit-record.ts';
import type { UserChange } from '../../../../domain/identity/change-user.ts';
import type { UserId } from '../../../../domain/identity/ids.ts';
import type { User } from '../../../../domain/identity/user.ts';
import type { MongoStore } from '../mongo-store.ts';
import type { RecordActs } from '../record-acts.ts';
import type { ChangeAccount } from './change-account.ts';
import { decideOnce } from './decide-once.ts';
import type { IdentityCollections } from './identity-collections.ts';
import { namesOf, type UserDocument, userFrom } from './identity-documents.ts';

/** Accounts in MongoDB. */
export class MongoUserRepository implements UserRepository {
  readonly #store: MongoStore;
  readonly #in: IdentityCollections;
  readonly #change: ChangeAccount;
  readonly #recordActs: RecordActs;

  constructor(
    store: MongoStore,
    collections: IdentityCollections,
    change: ChangeAccount,
    recordActs: RecordActs,
  ) {
    this.#store = store;
    this.#in = collections;
    this.#change = change;
    this.#recordActs = recordActs;
  }

  /** A name is a document of its own, and its key decides who has it. */
  add(user: User, audit?: readonly AuditRecord[]): Promise<'added' | 'taken'> {
    const { users, names } = this.#in;
    const { id: userId, ...facts } = user;
    const mark = new ObjectId();
    const claims = namesOf(user).map((_id) => ({ _id, userId }));
    return decideOnce<'added' | 'taken'>(this.#store, {
      attempt: async (session) => {
        for (const claim of claims) await names.insertOne(claim, { session });
        await users.insertOne({ _id: userId, ...facts, marks: [mark] }, { session });
        if (audit !== undefined) await this.#recordActs(audit, session);
        return 'added';
      },
      known: async (session) => {
        const within = session && { session };
        const there = await users.findOne({ _id: userId }, within);
        if (there !== null) return there.marks.some((one) => one.equals(mark)) ? 'added' : 'taken';
        const anothers = { _id: { $in: claims.map(({ _id }) => _id) }, userId: { $ne: userId } };
        const taken = await names.findOne(anothers, within);
        return taken === null ? undefined : 'taken';
      },
    });
  }

  find(id: UserId): Promise<User | undefined> {
    return this.#one({ _id: id });
  }

  findByUsername(usernameKey: string): Promise<User | undefined> {
    return this.#one({ usernameKey });
  }

  findByEmail(emailKey: string): Promise<User | undefined> {
    return this.#one({ emailKey });
  }

  async search(
    text: string,
    { offset, limit }: { readonly offset: number; readonly limit: number },
  ): Promise<UserPage> {
    const matching = text === '' ? {} : { $expr: { $or: [contains('$usernameKey'), contains('$emailKey')] } };
    const total = await this.#store.read(() => this.#in.users.countDocuments(matching));
    // To MongoDB a limit of 0 is none.
    if (limit === 0) return { users: [], total };
    const page = this.#in.users.find(matching).sort({ createdAtMs: 1, _id: 1 }).skip(offset).limit(limit);
    return { users: (await this.#store.read(() => page.toArray())).map(userFrom), total };

    function contains(field: string): Document {
      return { $gte: [{ $indexOfCP: [field, { $literal: text }] }, 0] };
    }
  }

  change(
    id: UserId,
    change: UserChange,
    sessions?: SessionsChange,
    audit?: readonly AuditRecord[],
  ): Promise<UserChangeOutcome> {
    return this.#change.apply({ id, change, sessions, audit });
  }

  count(): Promise<number> {
    return this.#store.read(() => this.#in.users.countDocuments());
  }

  async hasMark(mark: NonNullable<User['passwordMark']>): Promise<boolean> {
    return (await this.#one({ passwordMark: mark, disabledAtMs: { $exists: false } })) !== undefined;
  }

  async #one(filter: Filter<UserDocument>): Promise<User | undefined> {
    const found = await this.#store.read(() => this.#in.users.findOne(filter));
    return found === null ? undefined : userFrom(found);
  }
}
