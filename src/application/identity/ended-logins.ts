import type { ApiKeyRepository } from '../ports/identity/api-key-repository.ts';
import type { LoginEnd, LoginEnds } from '../ports/identity/login-ends.ts';
import type { LoginSessionRepository } from '../ports/identity/login-session-repository.ts';
import type { UserRepository } from '../ports/identity/user-repository.ts';

/** Hears of every write that may end logins, and passes it on to whoever serves somebody for longer than a request. */
export class EndedLogins implements LoginEnds {
  readonly #listeners = new Set<(end: LoginEnd) => void>();
  readonly #onStored = new Set<() => void>();

  subscribe(listener: (end: LoginEnd) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Tells when an end was stored here, until the returned function is called: other nodes have to hear of it. */
  onStored(listener: () => void): () => void {
    this.#onStored.add(listener);
    return () => this.#onStored.delete(listener);
  }

  /** Passes on an end that another node has stored. */
  hear(end: LoginEnd): void {
    for (const listener of this.#listeners) listener(end);
  }

  /** The same login sessions, with every end told here. */
  ofSessions(sessions: LoginSessionRepository): LoginSessionRepository {
    const tell = (end: LoginEnd): void => this.#tell(end);
    return {
      begin: (session, hash, audit) => sessions.begin(session, hash, audit),
      isLive: (id, nowMs) => sessions.isLive(id, nowMs),
      listLive: (userId, nowMs, limit) => sessions.listLive(userId, nowMs, limit),
      findByCookie: (hash) => sessions.findByCookie(hash),
      touch: (id, use) => sessions.touch(id, use),
      beginCookie: async (session, hash, replaced, audit) => {
        const ended = await sessions.beginCookie(session, hash, replaced, audit);
        if (ended !== undefined) tell({ loginSessionId: ended.id });
        return ended;
      },
      rotate: async (spent, next, nowMs, audit) => {
        const outcome = await sessions.rotate(spent, next, nowMs, audit);
        if (outcome.kind === 'reused') tell({ loginSessionId: outcome.session.id });
        return outcome;
      },
      endByToken: async (hash, nowMs, audit) => {
        const ended = await sessions.endByToken(hash, nowMs, audit);
        if (ended !== undefined) tell({ loginSessionId: ended.id });
        return ended;
      },
      end: async (id, nowMs, audit) => {
        await sessions.end(id, nowMs, audit);
        tell({ loginSessionId: id });
      },
      endOneOf: async (userId, id, nowMs, audit) => {
        const ended = await sessions.endOneOf(userId, id, nowMs, audit);
        if (ended) tell({ loginSessionId: id });
        return ended;
      },
      endAllOf: async (userId, nowMs, except, audit) => {
        const ended = await sessions.endAllOf(userId, nowMs, except, audit);
        tell({ userId });
        return ended;
      },
    };
  }

  /** The same API keys, with every end told here. */
  ofApiKeys(apiKeys: ApiKeyRepository): ApiKeyRepository {
    return {
      add: (key, atMost, audit) => apiKeys.add(key, atMost, audit),
      find: (id) => apiKeys.find(id),
      touch: (id, nowMs) => apiKeys.touch(id, nowMs),
      listLive: (owner, nowMs, page) => apiKeys.listLive(owner, nowMs, page),
      revoke: async (id, nowMs, audit) => {
        const outcome = await apiKeys.revoke(id, nowMs, audit);
        if (outcome === 'revoked') this.#tell({ apiKeyId: id });
        return outcome;
      },
      revokeAllOf: async (userId, nowMs) => {
        const revoked = await apiKeys.revokeAllOf(userId, nowMs);
        this.#tell({ userId });
        return revoked;
      },
    };
  }

  /** The same accounts, with every change that may end logins told here. */
  ofUsers(users: UserRepository): UserRepository {
    return {
      add: (user, audit) => users.add(user, audit),
      find: (id) => users.find(id),
      findByUsername: (key) => users.findByUsername(key),
      findByEmail: (key) => users.findByEmail(key),
      search: (text, page) => users.search(text, page),
      count: () => users.count(),
      hasMark: (mark) => users.hasMark(mark),
      change: async (id, change, sessions, audit) => {
        const outcome = await users.change(id, change, sessions, audit);
        const closed = typeof change.disabledAtMs === 'number' || change.deleted !== undefined;
        if (outcome === 'changed') this.#tell({ userId: id, ...(closed ? { closed } : {}) });
        return outcome;
      },
    };
  }

  #tell(end: LoginEnd): void {
    this.hear(end);
    for (const listener of this.#onStored) listener();
  }
}
