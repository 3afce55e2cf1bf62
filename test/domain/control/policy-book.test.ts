import { expect } from 'chai';
import { type ControlPolicy, DEFAULT_POLICY } from '../../../src/domain/control/control-policy.ts';
import {
  FIRST_BOOK,
  MAX_AGENT_ID_UNITS,
  MAX_OVERRIDES,
  type PolicyBook,
  policyForEvent,
  policyOf,
  withOverride,
  withoutOverride,
  withPolicy,
} from '../../../src/domain/control/policy-book.ts';
import { DomainError } from '../../../src/domain/domain-error.ts';

const BLOCK: ControlPolicy = { ...DEFAULT_POLICY, mode: 'block', m2: true, m3: false };
const NOTHING_ON = { m0: false, m2: false, m3: false, m4: false };

describe('the policy book', () => {
  it('begins with alert mode, M3 and M4 on, and nobody set apart', () => {
    expect(FIRST_BOOK).to.deep.equal({ version: 0, policy: DEFAULT_POLICY, overrides: {} });
    expect(DEFAULT_POLICY).to.include({ mode: 'alert', m0: false, m2: false, m3: true, m4: true });
  });

  it('gives a key the policy of its profile, and any other key that of all', () => {
    const book = withOverride(FIRST_BOOK, 'night', BLOCK);
    expect(policyOf(book, 'night')).to.equal(BLOCK);
    for (const profile of ['day', undefined, 'constructor', '__proto__']) {
      expect(policyOf(book, profile), String(profile)).to.equal(DEFAULT_POLICY);
    }
  });

  it('keeps an agent whatever it is called', () => {
    const book = withOverride(FIRST_BOOK, '__proto__', BLOCK);
    expect(policyOf(book, '__proto__')).to.equal(BLOCK);
    expect(policyOf(book, 'day')).to.equal(DEFAULT_POLICY);
  });

  it('judges by the stricter of both where a client names an agent that is set apart', () => {
    const book = withOverride(FIRST_BOOK, 'night', BLOCK);
    expect(policyForEvent(book, 'day', 'night')).to.deep.equal({ ...BLOCK, m3: true });
    const lax = withOverride(withPolicy(FIRST_BOOK, BLOCK), 'lax', DEFAULT_POLICY);
    expect(policyForEvent(lax, undefined, 'lax')).to.deep.equal({ ...BLOCK, m3: true });
    expect(policyForEvent(lax, 'lax', 'lax')).to.equal(DEFAULT_POLICY);
  });

  it('is a new version with every change, and none without one', () => {
    const changed = withOverride(withPolicy(FIRST_BOOK, BLOCK), 'night', BLOCK);
    expect(changed.version).to.equal(2);
    expect(withoutOverride(changed, 'night')).to.include({ version: 3 });
    expect(withoutOverride(changed, 'day')).to.equal(undefined);
  });

  it('refuses what nobody could keep: failing closed with no code on', () => {
    const policy = { ...BLOCK, ...NOTHING_ON, failClosedOnClassifierError: true };
    expect(() => withPolicy(FIRST_BOOK, policy)).to.throw(DomainError);
    expect(() => withOverride(FIRST_BOOK, 'night', policy)).to.throw(DomainError);
  });

  it('refuses an agent without a name, with too long a one, and one too many', () => {
    expect(() => withOverride(FIRST_BOOK, '', BLOCK)).to.throw(DomainError);
    expect(() => withOverride(FIRST_BOOK, 'a'.repeat(MAX_AGENT_ID_UNITS + 1), BLOCK)).to.throw(DomainError);
    const full: PolicyBook = {
      ...FIRST_BOOK,
      overrides: Object.fromEntries(Array.from({ length: MAX_OVERRIDES }, (_, i) => [`agent-${i}`, BLOCK])),
    };
    expect(() => withOverride(full, 'one more', BLOCK)).to.throw(DomainError);
    expect(withOverride(full, 'agent-7', DEFAULT_POLICY).version).to.equal(1);
  });
});
