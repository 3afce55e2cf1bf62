import { expect } from 'chai';
import { HeardCredentials } from '../../../src/application/identity/heard-credentials.ts';
import { HeardEnds } from '../../../src/application/identity/heard-ends.ts';
import { HeardSessionStatus } from '../../../src/application/identity/heard-session-status.ts';
import type { LoginEnd } from '../../../src/application/ports/identity/login-ends.ts';
import type { DirectoryEntry } from '../../../src/application/ports/identity/principal-directory.ts';
import type { RevocationNews } from '../../../src/application/ports/identity/revocation-feed.ts';
import { REVOCATION_KEPT_MS } from '../../../src/application/ports/identity/revocation-log.ts';
import { PortError } from '../../../src/application/ports/port-error.ts';
import type { ApiKeyText } from '../../../src/domain/identity/api-key-text.ts';
import type { ApiKeyId, LoginSessionId } from '../../../src/domain/identity/ids.ts';
import type { AgentPrincipal, KeyPrincipal, UserPrincipal } from '../../../src/domain/identity/principal.ts';
import { aUser } from '../../support/identity-builders.ts';
import { user } from '../../support/ledger-builders.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { expectRefusal } from '../../support/refusals.ts';

const SESSION = 's_1' as LoginSessionId;
const KEY = 'k1' as ApiKeyId;
const { id: userId, username, email, role } = aUser(1);
const ADA: UserPrincipal = { kind: 'user', userId, username, email, role, loginSessionId: SESSION };
const HER_KEY: KeyPrincipal = { kind: 'key', userId, username, email, role, apiKeyId: KEY, scopes: ['chat'] };
const AGENT: AgentPrincipal = { kind: 'agent', apiKeyId: KEY, scopes: ['control'] };
const CAUGHT_UP: RevocationNews = { kind: 'caught-up' };

let sequence = 0;
function ended(end: LoginEnd): RevocationNews {
  sequence += 1;
  return { kind: 'ended', revocation: { sequence, atMs: 0, end } };
}

describe('a service that runs apart from auth', () => {
  let clock: ManualClock;
  let heard: HeardEnds;
  let status: HeardSessionStatus;
  let account: DirectoryEntry | undefined;
  let asked: number;
  let away: boolean;

  beforeEach(() => {
    clock = new ManualClock();
    heard = new HeardEnds(clock);
    account = { userId, username, email, role, isVerified: true, disabled: false };
    asked = 0;
    away = false;
    const resolve = async (): Promise<DirectoryEntry | undefined> => {
      asked += 1;
      if (away) throw new PortError('unavailable', 'auth', 'away');
      return account;
    };
    const directory = { resolve, resolveEmail: resolve, search: async () => ({ entries: [], total: 0 }) };
    status = new HeardSessionStatus({ heard, directory, clock });
  });

  const expectUnheard = async (answer: Promise<unknown>): Promise<void> => {
    const error = await answer.catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(PortError).and.include({ kind: 'unavailable', dependency: 'auth' });
  };

  it('lets nobody in before it has heard auth once, nor after 5 seconds of silence', async () => {
    await expectUnheard(status.isLive(ADA));
    heard.hear([CAUGHT_UP]);
    expect(await status.isLive(ADA)).to.equal(true);
    clock.advance(4_999);
    expect(await status.isLive(ADA)).to.equal(true);
    clock.advance(1);
    await expectUnheard(status.isLive(ADA));
    heard.hear([CAUGHT_UP]);
    expect(await status.isLive(ADA)).to.equal(true);
    expect(asked, 'a token tells all there is').to.equal(0);
  });

  it('is not caught up by an end alone, since others may still be on their way', async () => {
    heard.hear([ended({ loginSessionId: 's_9' as LoginSessionId })]);
    await expectUnheard(status.isLive(ADA));
  });

  it('refuses what has ended, also when auth is not heard any more', async () => {
    heard.hear([CAUGHT_UP, ended({ loginSessionId: SESSION }), ended({ apiKeyId: KEY })]);
    for (const holder of [ADA, HER_KEY, AGENT]) expect(await status.isLive(holder)).to.equal(false);
    expect(await status.isLive({ ...ADA, loginSessionId: 's_2' as LoginSessionId })).to.equal(true);
    clock.advance(10_000);
    for (const holder of [ADA, HER_KEY, AGENT]) expect(await status.isLive(holder)).to.equal(false);
  });

  it('remembers an end for longer than any token lives, and no longer', async () => {
    heard.hear([ended({ loginSessionId: SESSION }), CAUGHT_UP]);
    clock.advance(REVOCATION_KEPT_MS - 1);
    heard.hear([CAUGHT_UP]);
    expect(await status.isLive(ADA)).to.equal(false);
    clock.advance(1);
    heard.hear([CAUGHT_UP]);
    expect(await status.isLive(ADA)).to.equal(true);
  });

  it('remembers an end that is told again from then on', async () => {
    heard.hear([ended({ loginSessionId: SESSION }), ended({ apiKeyId: KEY })]);
    clock.advance(REVOCATION_KEPT_MS - 1);
    heard.hear([ended({ loginSessionId: SESSION }), CAUGHT_UP]);
    clock.advance(1);
    heard.hear([CAUGHT_UP]);
    expect(heard.hasEnded(SESSION)).to.equal(true);
    expect(heard.hasEnded(KEY)).to.equal(false);
  });

  it('asks auth once about a user whose account was changed, and again after another change', async () => {
    heard.hear([ended({ userId }), CAUGHT_UP]);
    expect(await Promise.all([ADA, HER_KEY, AGENT].map((holder) => status.isLive(holder)))).to.deep.equal([
      true,
      true,
      true,
    ]);
    expect(asked).to.equal(1);
    account = { ...(account as DirectoryEntry), role: 'supervisor' };
    heard.hear([ended({ userId })]);
    expect(await status.isLive(ADA)).to.equal(false);
    expect(await status.isLive({ ...ADA, role: 'supervisor' })).to.equal(true);
    expect(asked).to.equal(2);
    expect(await status.isLive({ ...ADA, userId: user(2) })).to.equal(true);
    expect(asked).to.equal(2);
  });

  it('refuses the keys of who was disabled or has gone, and no key of an agent', async () => {
    account = { ...(account as DirectoryEntry), disabled: true };
    heard.hear([ended({ userId, closed: true }), CAUGHT_UP]);
    expect(await status.isLive(HER_KEY)).to.equal(false);
    account = undefined;
    heard.hear([ended({ userId, closed: true })]);
    expect(await status.isLive(HER_KEY)).to.equal(false);
    expect(await status.isLive(AGENT)).to.equal(true);
  });

  it('refuses a key whose time is over, of which auth tells nothing', async () => {
    const expiresAtMs = clock.nowMs() + 1_000;
    heard.hear([CAUGHT_UP]);
    for (const key of [HER_KEY, AGENT]) expect(await status.isLive({ ...key, expiresAtMs })).to.equal(true);
    clock.advance(1_000);
    for (const key of [HER_KEY, AGENT]) expect(await status.isLive({ ...key, expiresAtMs })).to.equal(false);
  });

  it('asks again when auth could not be asked', async () => {
    heard.hear([ended({ userId }), CAUGHT_UP]);
    away = true;
    await expectUnheard(status.isLive(ADA));
    away = false;
    expect(await status.isLive(ADA)).to.equal(true);
  });

  it('passes on what it hears, in order, and that something was missed', () => {
    const told: LoginEnd[] = [];
    const leave = heard.subscribe((end) => told.push(end));
    heard.hear([ended({ userId, closed: true }), { kind: 'reset', sequence: 7 }, CAUGHT_UP]);
    heard.hear([ended({ apiKeyId: KEY })]);
    leave();
    heard.hear([ended({ loginSessionId: SESSION })]);
    expect(told).to.deep.equal([{ userId, closed: true }, { anybody: true }, { apiKeyId: KEY }]);
  });

  it('takes an end that auth answered as if it had been told, also while it is not heard', async () => {
    const told: LoginEnd[] = [];
    heard.subscribe((end) => told.push(end));
    heard.conclude({ loginSessionId: SESSION });
    expect(told).to.deep.equal([{ loginSessionId: SESSION }]);
    expect(await status.isLive(ADA)).to.equal(false);
  });

  it('knows an end before it passes it on', async () => {
    heard.hear([CAUGHT_UP]);
    const lives: Array<Promise<boolean>> = [];
    heard.subscribe(() => lives.push(status.isLive(ADA)));
    heard.hear([ended({ loginSessionId: SESSION })]);
    expect(await Promise.all(lives)).to.deep.equal([false]);
  });

  it('lets nobody in while it has more ends to remember than it can', async () => {
    const many = Array.from({ length: 200_000 }, (_, index) =>
      ended({ loginSessionId: `s_${index}` as LoginSessionId }),
    );
    heard.hear([...many, CAUGHT_UP]);
    await expectUnheard(status.isLive({ ...ADA, loginSessionId: 'another' as LoginSessionId }));
    clock.advance(REVOCATION_KEPT_MS);
    heard.hear([CAUGHT_UP]);
    expect(await status.isLive(ADA)).to.equal(true);
  });

  describe('and asks it about keys, tickets and cookies', () => {
    let taken: number;
    let credentials: HeardCredentials;
    let meanwhile: () => void;
    beforeEach(() => {
      taken = 0;
      meanwhile = () => undefined;
      const answer = async <T>(holder: T): Promise<T> => {
        taken += 1;
        meanwhile();
        return holder;
      };
      credentials = new HeardCredentials({
        heard,
        apiKeys: { verify: () => answer(HER_KEY) },
        tickets: { redeem: () => answer(ADA) },
        cookies: { verify: () => answer(ADA) },
      });
    });
    const key = { id: KEY, text: 'hf_…' } as ApiKeyText;

    it('takes them while auth is heard, and asks nobody when it is not', async () => {
      await expectUnheard(credentials.verify(key));
      await expectUnheard(credentials.redeem('a ticket'));
      await expectUnheard(credentials.cookies.verify('a secret'));
      expect(taken, 'no ticket is spent in vain').to.equal(0);
      heard.hear([CAUGHT_UP]);
      expect(await credentials.verify(key)).to.deep.equal(HER_KEY);
      expect(await credentials.redeem('a ticket')).to.deep.equal(ADA);
      expect(await credentials.cookies.verify('a secret')).to.deep.equal(ADA);
    });

    it('refuses one whose end is told while the answer is on its way', async () => {
      heard.hear([CAUGHT_UP]);
      meanwhile = () => heard.hear([ended({ loginSessionId: SESSION }), ended({ apiKeyId: KEY })]);
      await expectRefusal(credentials.verify(key), 'credential.expired');
      await expectRefusal(credentials.redeem('a ticket'), 'credential.expired');
      await expectRefusal(credentials.cookies.verify('a secret'), 'credential.expired');
    });
  });
});
