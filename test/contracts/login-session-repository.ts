import { expect } from 'chai';
import type { LoginSessionRepository } from '../../src/application/ports/identity/login-session-repository.ts';
import type { RevocationLog } from '../../src/application/ports/identity/revocation-log.ts';
import { aSession } from '../support/identity-builders.ts';
import { DAY_MS, T0, user } from '../support/ledger-builders.ts';
import { describeCookieSessions } from './login-session-cookies.ts';

/** A repository under test, the log of what ends in it, and how to put both away. */
export interface LoginSessionsUnderTest {
  readonly sessions: LoginSessionRepository;
  readonly revocations: RevocationLog;
  close(): Promise<void>;
}

/** The behaviour of every `LoginSessionRepository`. */
export function describeLoginSessionRepository(
  name: string,
  create: () => Promise<LoginSessionsUnderTest>,
): void {
  describe(`${name} as a LoginSessionRepository`, () => {
    let subject: LoginSessionsUnderTest;
    let sessions: LoginSessionRepository;
    beforeEach(async () => {
      subject = await create();
      sessions = subject.sessions;
      await sessions.begin(aSession(1, { userAgent: 'a browser', address: '127.0.0.1' }), 'r1');
    });
    afterEach(() => subject.close());

    describeRotation(() => sessions);
    describeEnds(() => sessions);
    describe('of cookies', () => describeCookieSessions(() => sessions));
    describeRevocations(() => subject);
  });
}

function describeRotation(sessions: () => LoginSessionRepository): void {
  it('exchanges a refresh token for its successor and moves the last use, not the end', async () => {
    const rotated = await sessions().rotate('r1', 'r2', T0 + 5);
    const session = aSession(1, { userAgent: 'a browser', address: '127.0.0.1', lastUsedAtMs: T0 + 5 });
    expect(rotated).to.deep.equal({ kind: 'rotated', session });
    expect(await sessions().listLive(user(1), T0 + 6, 9)).to.deep.equal([session]);
    expect(await sessions().rotate('r2', 'r3', T0 + 7)).to.have.property('kind', 'rotated');
  });

  it('ends the whole family when a spent token comes back', async () => {
    await sessions().rotate('r1', 'r2', T0 + 5);
    expect(await sessions().rotate('r1', 'r3', T0 + 6)).to.have.nested.include({
      kind: 'reused',
      'session.endedAtMs': T0 + 6,
    });
    expect(await sessions().isLive(aSession(1).id, T0 + 7)).to.equal(false);
    expect(await sessions().rotate('r2', 'r4', T0 + 7)).to.deep.equal({ kind: 'unknown' });
    expect(await sessions().rotate('r3', 'r4', T0 + 7)).to.deep.equal({ kind: 'unknown' });
  });

  it('rotates for one of two racing callers with the same token and ends the family for the other', async () => {
    const outcomes = await Promise.all([
      sessions().rotate('r1', 'r2', T0 + 5),
      sessions().rotate('r1', 'r3', T0 + 5),
    ]);
    expect(outcomes.map((outcome) => outcome.kind).toSorted()).to.deep.equal(['reused', 'rotated']);
    expect(await sessions().isLive(aSession(1).id, T0 + 6)).to.equal(false);
  });

  it('does not know tokens that were never issued, nor those of an ended or expired session', async () => {
    expect(await sessions().rotate('r0', 'r2', T0)).to.deep.equal({ kind: 'unknown' });
    expect(await sessions().rotate('r1', 'r2', T0 + 7 * DAY_MS)).to.deep.equal({ kind: 'unknown' });
    await sessions().end(aSession(1).id, T0 + 1);
    expect(await sessions().rotate('r1', 'r2', T0 + 2)).to.deep.equal({ kind: 'unknown' });
  });
}

function describeEnds(sessions: () => LoginSessionRepository): void {
  it('is live until it is ended or its absolute time is over', async () => {
    const { id } = aSession(1);
    expect(await sessions().isLive(id, T0 + 7 * DAY_MS - 1)).to.equal(true);
    expect(await sessions().isLive(id, T0 + 7 * DAY_MS)).to.equal(false);
    await sessions().end(id, T0 + 1);
    await sessions().end(id, T0 + 2);
    expect(await sessions().isLive(id, T0 + 2)).to.equal(false);
    expect(await sessions().isLive(aSession(2).id, T0)).to.equal(false);
  });

  it('ends a session by any of its tokens, once', async () => {
    await sessions().rotate('r1', 'r2', T0 + 1);
    const ended = await sessions().endByToken('r1', T0 + 5);
    expect(ended).to.deep.include({ id: aSession(1).id, endedAtMs: T0 + 5 });
    expect(await sessions().endByToken('r2', T0 + 9)).to.deep.equal(ended);
    expect(await sessions().endByToken('r0', T0)).to.equal(undefined);
  });

  it("ends all of a user's sessions but one and names those it ended", async () => {
    await sessions().begin(aSession(2), 's2');
    await sessions().begin(aSession(3), 's3');
    await sessions().begin(aSession(4, { userId: user(2) }), 's4');
    await sessions().end(aSession(3).id, T0 + 1);
    const ended = await sessions().endAllOf(user(1), T0 + 5, aSession(2).id);
    expect(ended).to.deep.equal([aSession(1).id]);
    expect(await sessions().endAllOf(user(1), T0 + 6, aSession(2).id)).to.deep.equal([]);
    expect(await sessions().endAllOf(user(1), T0 + 7)).to.deep.equal([aSession(2).id]);
    expect(await sessions().isLive(aSession(4).id, T0 + 8)).to.equal(true);
  });

  it("lists a user's live sessions, newest first", async () => {
    await sessions().begin(aSession(2, { createdAtMs: T0 + 2 }), 's2');
    await sessions().begin(aSession(3, { createdAtMs: T0 + 3 }), 's3');
    await sessions().begin(aSession(4, { createdAtMs: T0 + 4, userId: user(2) }), 's4');
    await sessions().begin(aSession(5, { createdAtMs: T0 + 5, expiresAtMs: T0 + 9 }), 's5');
    await sessions().end(aSession(2).id, T0 + 6);
    const live = await sessions().listLive(user(1), T0 + 9, 9);
    expect(live.map((session) => session.id)).to.deep.equal([aSession(3).id, aSession(1).id]);
  });

  it('forgets sessions whose absolute time is over when others begin', async () => {
    const later = T0 + 7 * DAY_MS;
    await sessions().begin(aSession(2, { createdAtMs: later, expiresAtMs: later + DAY_MS }), 's2');
    expect(await sessions().endByToken('r1', later)).to.equal(undefined);
    expect(await sessions().endByToken('s2', later)).to.include({ id: aSession(2).id });
  });
}

function describeRevocations(subject: () => LoginSessionsUnderTest): void {
  const { id } = aSession(1);
  const acts: ReadonlyArray<
    readonly [string, (sessions: LoginSessionRepository) => Promise<unknown>, readonly number[]]
  > = [
    ['a session that is ended, once', (sessions) => twice(() => sessions.end(id, T0 + 5)), [1]],
    [
      'a session that is ended by a token, once',
      (sessions) => twice(() => sessions.endByToken('r1', T0 + 5)),
      [1],
    ],
    [
      'a family whose token came back, once',
      async (sessions) => {
        for (const next of ['r2', 'r3', 'r4']) await sessions.rotate('r1', next, T0 + 5);
      },
      [1],
    ],
    ["all of a user's sessions", (sessions) => sessions.endAllOf(user(1), T0 + 5), [1, 2]],
    ["all of a user's sessions but one", (sessions) => sessions.endAllOf(user(1), T0 + 5, id), [2]],
    ['one of his own', (sessions) => twice(() => sessions.endOneOf(user(1), id, T0 + 5)), [1]],
    ["no session of somebody else's", (sessions) => sessions.endOneOf(user(9), id, T0 + 5), []],
    ['no session that is not there', (sessions) => sessions.end(aSession(9).id, T0 + 5), []],
    ['no session of an unknown token', (sessions) => sessions.endByToken('r9', T0 + 5), []],
    ['no session that was refreshed', (sessions) => sessions.rotate('r1', 'r2', T0 + 5), []],
    ['no session of nobody', (sessions) => sessions.endAllOf(user(9), T0 + 5), []],
    [
      'a session once when its token comes back while it is ended',
      (sessions) =>
        Promise.all([
          sessions.rotate('r1', 'r2', T0 + 1),
          sessions.rotate('r1', 'r3', T0 + 1),
          sessions.end(id, T0 + 1),
          sessions.endByToken('r1', T0 + 1),
          sessions.endAllOf(user(1), T0 + 1, aSession(2).id),
        ]),
      [1],
    ],
  ];
  for (const [what, act, ended] of acts) {
    it(`writes to the revocation log: ${what}`, async () => {
      const { sessions, revocations } = subject();
      await sessions.begin(aSession(2), 's1');
      const { head } = await revocations.range();
      await act(sessions);
      const entries = await revocations.after(head, 100);
      const told = entries === 'lost' ? entries : entries.map((entry) => entry.end);
      expect(told).to.have.deep.members(ended.map((number) => ({ loginSessionId: aSession(number).id })));
      for (const number of [1, 2]) {
        const live = await sessions.isLive(aSession(number).id, T0 + 6);
        expect(live, `session ${number}`).to.equal(!ended.includes(number));
      }
    });
  }
}

async function twice(act: () => Promise<unknown>): Promise<void> {
  await act();
  await act();
}
