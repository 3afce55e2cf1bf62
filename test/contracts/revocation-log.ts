import { expect } from 'chai';
import type { LoginSessionRepository } from '../../src/application/ports/identity/login-session-repository.ts';
import {
  REVOCATION_KEPT_MS,
  type Revocation,
  type RevocationLog,
} from '../../src/application/ports/identity/revocation-log.ts';
import type { UserRepository } from '../../src/application/ports/identity/user-repository.ts';
import { aSession, aUser } from '../support/identity-builders.ts';
import { T0, user } from '../support/ledger-builders.ts';

/** A log under test, what writes it, and how to put all of it away. */
export interface RevocationsUnderTest {
  readonly revocations: RevocationLog;
  readonly sessions: LoginSessionRepository;
  readonly users: UserRepository;
  close(): Promise<void>;
}

/** The behaviour of every `RevocationLog`. */
export function describeRevocationLog(name: string, create: () => Promise<RevocationsUnderTest>): void {
  describe(`${name} as a RevocationLog`, () => {
    let subject: RevocationsUnderTest;
    let log: RevocationLog;
    beforeEach(async () => {
      subject = await create();
      log = subject.revocations;
      for (let number = 1; number <= 30; number += 1) {
        await subject.sessions.begin(aSession(number), `r${number}`);
      }
    });
    afterEach(() => subject.close());

    const end = (number: number, atMs = T0): Promise<void> => subject.sessions.end(aSession(number).id, atMs);
    const entriesAfter = async (sequence: number, limit = 100): Promise<readonly Revocation[]> => {
      const entries = await log.after(sequence, limit);
      if (entries === 'lost') throw new Error(`lost after ${sequence}`);
      return entries;
    };
    const entry = (sequence: number, number: number, atMs = T0): Revocation => ({
      sequence,
      atMs,
      end: { loginSessionId: aSession(number).id },
    });

    it('is empty before anything has ended', async () => {
      expect(await log.range()).to.deep.equal({ floor: 0, head: 0 });
      expect(await log.after(0, 10)).to.deep.equal([]);
    });

    it('counts ends from 1 on in their order, and pages them', async () => {
      await end(3, T0 + 1);
      await end(1, T0 + 2);
      await end(2, T0 + 3);
      expect(await log.range()).to.deep.equal({ floor: 0, head: 3 });
      expect(await entriesAfter(0, 2)).to.deep.equal([entry(1, 3, T0 + 1), entry(2, 1, T0 + 2)]);
      expect(await entriesAfter(2, 2)).to.deep.equal([entry(3, 2, T0 + 3)]);
      expect(await entriesAfter(3)).to.deep.equal([]);
    });

    it('never lets time go back from one entry to the next', async () => {
      await end(1, T0 + 5);
      await end(2, T0 + 2);
      expect(await entriesAfter(0)).to.deep.equal([entry(1, 1, T0 + 5), entry(2, 2, T0 + 5)]);
    });

    it('tells a reader that believes more than it ever gave that it is lost', async () => {
      await end(1);
      expect(await log.after(1, 10)).to.deep.equal([]);
      expect(await log.after(2, 10)).to.equal('lost');
    });

    it(`keeps entries for ${REVOCATION_KEPT_MS / 60_000} minutes, and tells whom it lost`, async () => {
      await end(1, T0);
      await end(2, T0 + 1);
      await end(3, T0 + REVOCATION_KEPT_MS);
      expect((await log.range()).floor).to.equal(0);
      expect(await entriesAfter(0)).to.have.length(3);
      await end(4, T0 + REVOCATION_KEPT_MS + 1);
      expect(await log.range()).to.deep.equal({ floor: 1, head: 4 });
      expect(await log.after(0, 10)).to.equal('lost');
      expect((await entriesAfter(1)).map(({ sequence }) => sequence)).to.deep.equal([2, 3, 4]);
    });

    it('gives no sequence twice, also when everything before was forgotten', async () => {
      await end(1, T0);
      await end(2, T0 + 10 * REVOCATION_KEPT_MS);
      await end(3, T0 + 20 * REVOCATION_KEPT_MS);
      expect(await log.range()).to.deep.equal({ floor: 2, head: 3 });
      expect(await entriesAfter(2)).to.deep.equal([entry(3, 3, T0 + 20 * REVOCATION_KEPT_MS)]);
    });

    it('forgets faster than it grows', async () => {
      await Promise.all(Array.from({ length: 20 }, (_, index) => end(index + 1)));
      await end(21, T0 + 2 * REVOCATION_KEPT_MS);
      await end(22, T0 + 2 * REVOCATION_KEPT_MS);
      expect(await log.range()).to.deep.equal({ floor: 20, head: 22 });
    });

    it('shows a reader every end once and in order, whoever races to write them', async () => {
      await subject.users.add(aUser(1));
      const seen: number[] = [];
      let done = false;
      const reading = (async (): Promise<void> => {
        while (!done || seen.length < (await log.range()).head) {
          for (const { sequence } of await entriesAfter(seen.at(-1) ?? 0, 4)) seen.push(sequence);
          await new Promise((resolve) => setImmediate(resolve));
        }
      })();
      const numbers = Array.from({ length: 30 }, (_, index) => index + 1);
      await Promise.all([
        ...numbers.flatMap((number) => [end(number), subject.sessions.endByToken(`r${number}`, T0)]),
        subject.users.change(user(1), { role: 'supervisor' }, { endSessionsAtMs: T0 }),
        subject.sessions.endAllOf(user(1), T0),
      ]);
      done = true;
      await reading;
      expect(seen).to.deep.equal(Array.from({ length: 31 }, (_, index) => index + 1));
      const named = new Set((await entriesAfter(0)).map((each) => JSON.stringify(each.end)));
      expect(named.size).to.equal(31);
    });
  });
}
