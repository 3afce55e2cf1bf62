import { expect } from 'chai';
import { checkIdentity } from '../../../src/application/doctor/check-identity.ts';
import { Findings } from '../../../src/application/doctor/findings.ts';
import type { IdentityPicture, Page } from '../../../src/application/ports/store-inspection.ts';
import type { LoginSession } from '../../../src/domain/identity/login-session.ts';
import { aSession, aUser } from '../../support/identity-builders.ts';
import { DAY_MS, T0, user } from '../../support/ledger-builders.ts';

const LOGINS = 10_000;

async function* pageOf<Value>(rows: Page<Value>): AsyncGenerator<Page<Value>> {
  yield rows;
}

async function found(logins: readonly LoginSession[]): Promise<string[]> {
  const findings = new Findings();
  const one = { row: `users/${user(1)}`, value: aUser(1) };
  const picture: IdentityPicture = {
    users: () => pageOf([one]),
    logins: () => pageOf(logins.map((value) => ({ row: value.id, value }))),
    apiKeys: () => pageOf<never>([]),
    usersOf: async () => new Map([[user(1), one]]),
  };
  await checkIdentity(picture, findings);
  return findings.found.map(({ promise, row }) => `${promise} ${row}`);
}

describe("the doctor's look at logins whose time is over", () => {
  const over = aSession(0, { expiresAtMs: T0 + 1 });
  const later = Array.from({ length: LOGINS }, (_, number) =>
    aSession(number + 1, { createdAtMs: T0 + 2, expiresAtMs: T0 + DAY_MS }),
  );

  it('names one that was not forgotten by ten thousand others that have begun since', async () => {
    expect(await found([over, ...later])).to.deep.equal([`login.forgotten ${over.id}`]);
  });

  it('says nothing of one that may wait for its turn', async () => {
    expect(await found([over, ...later.slice(1)])).to.deep.equal([]);
    expect(await found([{ ...over, expiresAtMs: T0 + 3 }, ...later])).to.deep.equal([]);
  });
});
