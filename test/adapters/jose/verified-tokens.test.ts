import { expect } from 'chai';
import { MAX_VERIFIED_TOKENS, VerifiedTokens } from '../../../src/adapters/outbound/jose/verified-tokens.ts';
import type { LoginSessionId } from '../../../src/domain/identity/ids.ts';
import { userIdFrom } from '../../../src/domain/identity/ids.ts';
import type { UserPrincipal } from '../../../src/domain/identity/principal.ts';

const principal: UserPrincipal = {
  kind: 'user',
  userId: userIdFrom('11111111-1111-4111-8111-111111111111'),
  username: 'ada',
  email: 'ada@example.org',
  role: 'user',
  loginSessionId: 's_1' as LoginSessionId,
};
const good = { principal, verifiedAtMs: 1_000, endsAtMs: 2_000 };

describe('tokens that were found good', () => {
  let tokens: VerifiedTokens;

  beforeEach(() => {
    tokens = new VerifiedTokens();
    tokens.remember('token', good);
  });

  it('are known by exactly their text', () => {
    expect(tokens.find('token', 1_500)).to.equal(principal);
    for (const other of ['Token', 'token ', 'token=', 'toke', '']) {
      expect(tokens.find(other, 1_500), other).to.equal(undefined);
    }
  });

  it('are known until the millisecond of their end, and are forgotten then', () => {
    expect(tokens.find('token', 1_999)).to.equal(principal);
    expect(tokens.find('token', 2_000)).to.equal(undefined);
    expect(tokens.find('token', 1_999)).to.equal(undefined);
  });

  it('are checked anew after the clock was set back to before their check', () => {
    expect(tokens.find('token', 999)).to.equal(undefined);
  });

  it('are remembered up to a limit, those shown last for the longest', () => {
    for (let other = 1; other < MAX_VERIFIED_TOKENS; other += 1) tokens.remember(`${other}`, good);
    expect(tokens.find('token', 1_500)).to.equal(principal);
    tokens.remember('one too many', good);
    expect(tokens.find('1', 1_500)).to.equal(undefined);
    for (const kept of ['2', `${MAX_VERIFIED_TOKENS - 1}`, 'token', 'one too many']) {
      expect(tokens.find(kept, 1_500), kept).to.equal(principal);
    }
  });
});
