import { expect } from 'chai';
import { MemoryAttemptCounters } from '../../../../src/adapters/outbound/memory/identity/memory-attempt-counters.ts';
import {
  type GuessOutcome,
  LoginThrottle,
} from '../../../../src/application/identity/passwords/login-throttle.ts';
import { PortError } from '../../../../src/application/ports/port-error.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { expectRefusal } from '../../../support/refusals.ts';

const MINUTE_MS = 60_000;

describe('the throttle of logins', () => {
  let clock: ManualClock;
  let throttle: LoginThrottle;
  let looked: number;

  beforeEach(() => {
    clock = new ManualClock();
    throttle = new LoginThrottle({ counters: new MemoryAttemptCounters({ clock }) });
    looked = 0;
  });

  const guess = (right: boolean, account = 'ada', network: string | undefined = '192.0.2.1') =>
    throttle.guess({ account, network }, async () => {
      looked += 1;
      return right;
    });
  const waitMs = (outcome: GuessOutcome): number | undefined =>
    outcome.kind === 'throttled' ? outcome.refusal.details.retryAfterMs : undefined;
  const wrongGuesses = async (count: number, account?: string, network?: string): Promise<void> => {
    for (let attempt = 0; attempt < count; attempt += 1) await guess(false, account, network);
  };

  it('bears ten wrong passwords, then makes each wrong one double the wait, up to a minute', async () => {
    await wrongGuesses(10);
    const waits: Array<number | undefined> = [];
    for (let attempt = 0; attempt < 9; attempt += 1) {
      expect((await guess(false)).kind).to.equal('wrong');
      const wait = waitMs(await guess(false));
      waits.push(wait);
      clock.advance(wait ?? 0);
    }
    expect(waits).to.deep.equal([1, 2, 4, 8, 16, 32, 60, 60, 60].map((seconds) => seconds * 1_000));
    expect(looked).to.equal(19);
  });

  it('lets the right password in after the wait, and forgets the wrong ones', async () => {
    await wrongGuesses(16);
    for (let attempt = 0; attempt < 6; attempt += 1) {
      clock.advance(MINUTE_MS);
      await guess(false);
    }
    expect((await guess(true)).kind).to.equal('throttled');
    clock.advance(MINUTE_MS);
    expect((await guess(true)).kind).to.equal('right');
    await wrongGuesses(9);
    expect((await guess(true)).kind).to.equal('right');
  });

  it('is put off no further by guesses that come too soon', async () => {
    await wrongGuesses(11);
    for (let attempt = 0; attempt < 50; attempt += 1) await guess(false);
    clock.advance(1_000);
    expect((await guess(true)).kind).to.equal('right');
  });

  it('counts guesses that race before it looks at them', async () => {
    const outcomes = await Promise.all(Array.from({ length: 200 }, () => guess(false)));
    expect(looked).to.be.within(10, 11);
    expect(outcomes.filter(({ kind }) => kind === 'throttled')).to.have.length(200 - looked);
  });

  it('lets any number of right passwords race, of one account or of many behind one address', async () => {
    const one = await Promise.all(Array.from({ length: 300 }, () => guess(true)));
    const many = await Promise.all(Array.from({ length: 300 }, (_, user) => guess(true, `user${user}`)));
    expect([...one, ...many].every(({ kind }) => kind === 'right')).to.equal(true);
  });

  it('counts nothing when the password could not be looked at', async () => {
    const busy = new PortError('unavailable', 'password-hasher', 'full');
    for (let attempt = 0; attempt < 30; attempt += 1) {
      const refused = throttle.guess({ account: 'ada', network: 'n' }, () => Promise.reject(busy));
      expect(await refused.catch((error: unknown) => error)).to.equal(busy);
    }
    expect((await guess(false, 'ada', 'n')).kind).to.equal('wrong');
  });

  it('keeps nobody out of an account for longer than a minute, wherever the guesses come from', async () => {
    for (let network = 0; network < 30; network += 1) await wrongGuesses(5, 'ada', `198.51.100.${network}`);
    const refused = await guess(true, 'ada', '203.0.113.9');
    expect(waitMs(refused)).to.be.within(1, MINUTE_MS);
    clock.advance(MINUTE_MS);
    expect((await guess(true, 'ada', '203.0.113.9')).kind).to.equal('right');
  });

  it('lets the owner in at once from where she has logged in before, while others hammer her account', async () => {
    await guess(true, 'ada', '203.0.113.9');
    for (let network = 0; network < 30; network += 1) await wrongGuesses(5, 'ada', `198.51.100.${network}`);
    expect((await guess(true, 'ada', '198.51.100.200')).kind).to.equal('throttled');
    expect((await guess(true, 'ada', '203.0.113.9')).kind).to.equal('right');
  });

  it('counts what one network tries at all accounts together, and no other network for it', async () => {
    for (let user = 0; user < 100; user += 1) await guess(false, `user${user}`);
    const refused = await guess(true, 'grace');
    expect(waitMs(refused)).to.equal(10 * MINUTE_MS);
    expect((await guess(true, 'grace', '192.0.2.2')).kind).to.equal('right');
    clock.advance(10 * MINUTE_MS);
    expect((await guess(true, 'grace')).kind).to.equal('right');
  });

  it('is not reset for a network by logging in to an account of its own', async () => {
    for (let user = 0; user < 100; user += 1) {
      await guess(false, `user${user}`);
      await guess(true, 'mallory');
    }
    expect((await guess(false, 'grace')).kind).to.equal('throttled');
  });

  it('takes what an operator allows', async () => {
    throttle = new LoginThrottle({
      counters: new MemoryAttemptCounters({ clock }),
      settings: { accountFailures: 2, networkFailures: 4, networkSignUps: 1 },
    });
    await wrongGuesses(3);
    expect(waitMs(await guess(true))).to.equal(1_000);
    await wrongGuesses(1, 'grace');
    expect(waitMs(await guess(true, 'grace'))).to.equal(10 * MINUTE_MS);
    await throttle.signUp('n', async () => undefined);
    await expectRefusal(
      throttle.signUp('n', async () => undefined),
      'login.throttled',
    );
  });

  it('ends a wait that began while the right password was being looked at', async () => {
    throttle = new LoginThrottle({
      counters: new MemoryAttemptCounters({ clock }),
      settings: { accountFailures: 1 },
    });
    const { promise: looking, resolve: found } = Promise.withResolvers<boolean>();
    const owner = throttle.guess({ account: 'ada', network: '192.0.2.1' }, () => looking);
    expect((await guess(false)).kind).to.equal('wrong');
    expect((await guess(true)).kind).to.equal('throttled');
    found(true);
    expect((await owner).kind).to.equal('right');
    expect((await guess(true)).kind).to.equal('right');
  });

  it('counts sign-ups of a network, whatever comes of them', async () => {
    for (let attempt = 0; attempt < 500; attempt += 1) {
      await throttle.signUp('n', () => Promise.reject(new Error('taken'))).catch(() => undefined);
    }
    await expectRefusal(
      throttle.signUp('n', async () => undefined),
      'login.throttled',
    );
    await throttle.signUp('another', async () => undefined);
    clock.advance(60 * MINUTE_MS);
    await throttle.signUp('n', async () => undefined);
  });

  it('turns away a network that sends unknown refresh tokens', async () => {
    for (let attempt = 0; attempt < 100; attempt += 1) await throttle.countUnknownRefresh('n');
    const refusal = await throttle.countUnknownRefresh('n');
    expect([refusal?.code, refusal?.details.retryAfterMs]).to.deep.equal(['login.throttled', 10 * MINUTE_MS]);
    expect(await throttle.countUnknownRefresh('another')).to.equal(undefined);
  });
});
