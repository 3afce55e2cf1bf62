import { DomainError } from '../../domain/domain-error.ts';
import type { UserId } from '../../domain/identity/ids.ts';
import type { Clock } from '../ports/clock.ts';
import type { IdSource } from '../ports/id-source.ts';
import type { UserRepository } from '../ports/identity/user-repository.ts';
import type { UserStreams } from '../ports/identity/user-streams.ts';
import { findUser } from './find-user.ts';

/** What stands where a deleted account's password hash was: no password belongs to it. */
const NO_PASSWORD = '';

interface Deps {
  readonly users: UserRepository;
  readonly ids: IdSource;
  readonly clock: Clock;
  readonly userStreams: UserStreams;
}

/** Deletes an account: disables it, ends its logins and streams, takes its names and password away. Grants and journal stay. */
export class DeleteUser {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** @throws DomainError `user.not_found` (also when deleted before), `account.last_admin`. */
  async execute(command: {
    /** The account, by its id or its username. */
    readonly user: string;
    readonly actor: UserId | 'system';
    readonly requestId?: string;
  }): Promise<{ readonly userId: UserId }> {
    const { users, ids, clock, userStreams } = this.#deps;
    const user = await findUser(users, command.user);
    if (user === undefined) throw notFound();
    const atMs = clock.nowMs();
    const alias = `deleted-${ids.uuid()}`;
    const outcome = await users.change(
      user.id,
      {
        deleted: { atMs, username: alias, email: `${alias}@deleted.invalid` },
        passwordHash: NO_PASSWORD,
        passwordMark: null,
        isVerified: false,
      },
      { endSessionsAtMs: atMs },
      [
        {
          act: 'user.deleted',
          outcome: 'done',
          actor: command.actor,
          object: user.id,
          ...(command.requestId === undefined ? {} : { requestId: command.requestId }),
        },
      ],
    );
    if (outcome === 'not-found') throw notFound();
    if (outcome === 'last-admin') {
      throw new DomainError('account.last_admin', 'The last admin cannot be deleted');
    }
    await userStreams.stopAll(user.id);
    return { userId: user.id };
  }
}

const notFound = (): DomainError => new DomainError('user.not_found', 'There is no such user');
