import { DEMO_ACCOUNTS, type FirstAccount } from '../../domain/identity/demo-accounts.ts';
import { foldName, type PasswordMark, type User } from '../../domain/identity/user.ts';
import type { Clock } from '../ports/clock.ts';
import type { IdSource } from '../ports/id-source.ts';
import type { PasswordHasher } from '../ports/identity/password-hasher.ts';
import type { UserRepository } from '../ports/identity/user-repository.ts';
import { newUser } from './new-user.ts';

/** Random bits of the first admin's password: 24 characters to copy. */
const GENERATED_PASSWORD_BITS = 144;

interface Deps {
  readonly users: UserRepository;
  readonly hasher: PasswordHasher;
  readonly ids: IdSource;
  readonly clock: Clock;
}

/** Sees to it that a new store has somebody who can log in. */
export class EnsureFirstAccounts {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /**
   * On an empty store creates the demo accounts, or an admin with a random password; on any other changes nothing.
   * `generated` carries that password this once; `demo` lists the demo accounts whose passwords still are the
   * known ones, at every start.
   */
  async execute(command: { readonly demo: boolean }): Promise<{
    readonly generated?: FirstAccount;
    readonly demo: readonly FirstAccount[];
  }> {
    const empty = await this.#isEmpty();
    if (!command.demo && empty) {
      const password = this.#deps.ids.secret(GENERATED_PASSWORD_BITS);
      const account: FirstAccount = { username: 'admin', password, role: 'admin' };
      const created = await this.#create([account], 'generated');
      return created ? { generated: account, demo: [] } : { demo: [] };
    }
    if (command.demo && empty) await this.#create(DEMO_ACCOUNTS, 'demo');
    return { demo: await this.#unchangedDemoAccounts() };
  }

  /** Nobody is there, or only what a first demo start that was cut short left behind. */
  async #isEmpty(): Promise<boolean> {
    const { users } = await this.#deps.users.search('', { offset: 0, limit: DEMO_ACCOUNTS.length });
    return users.every((user) => user.passwordMark === 'demo' && user.role !== 'admin');
  }

  /** Hashes together, stores in order. False when another process on the same store was faster. */
  async #create(accounts: readonly FirstAccount[], passwordMark: PasswordMark): Promise<boolean> {
    const { users } = this.#deps;
    const made = await Promise.all(accounts.map((account) => this.#make(account, passwordMark)));
    let all = true;
    for (const user of made) {
      const facts = { role: user.role, passwordMark };
      const record = {
        act: 'user.created',
        outcome: 'done',
        actor: 'system',
        object: user.id,
        facts,
      } as const;
      if ((await users.add(user, [record])) === 'taken') all = false;
    }
    return all;
  }

  #make({ username, password, role }: FirstAccount, passwordMark: PasswordMark): Promise<User> {
    const { hasher, ids, clock } = this.#deps;
    return newUser(
      { username, email: `${username}@holdfast.invalid`, role, isVerified: true, passwordMark },
      { uuid: ids.uuid(), nowMs: clock.nowMs(), hashPassword: () => hasher.hash(password) },
    );
  }

  async #unchangedDemoAccounts(): Promise<readonly FirstAccount[]> {
    const unchanged: FirstAccount[] = [];
    for (const account of [...DEMO_ACCOUNTS].reverse()) {
      const user = await this.#deps.users.findByUsername(foldName(account.username));
      if (user?.passwordMark === 'demo' && user.disabledAtMs === undefined) unchanged.push(account);
    }
    return unchanged;
  }
}
