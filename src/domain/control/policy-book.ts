import { DomainError } from '../domain-error.ts';
import { type ControlPolicy, DEFAULT_POLICY, type PolicyMode, requireKeepable } from './control-policy.ts';

/** Most agents with a policy of their own. */
export const MAX_OVERRIDES = 1_000;
/** Longest name of an agent, in UTF-16 units. */
export const MAX_AGENT_ID_UNITS = 256;

/** What operators have decided: the policy of all, and those of single agents. Each change is a version of its own. */
export interface PolicyBook {
  /** Rises by one with each change; 0 is what holds from the start. */
  readonly version: number;
  readonly policy: ControlPolicy;
  /** By agent profile. */
  readonly overrides: Readonly<Record<string, ControlPolicy>>;
}

export const FIRST_BOOK: PolicyBook = { version: 0, policy: DEFAULT_POLICY, overrides: {} };

/** The policy of a key: that of the profile which it is bound to, else that of all. */
export const policyOf = (book: PolicyBook, profile: string | undefined): ControlPolicy =>
  overrideOf(book, profile) ?? book.policy;

/** The policy of one agent alone, if it has one. */
export const overrideOf = (book: PolicyBook, agentId: string | undefined): ControlPolicy | undefined =>
  agentId !== undefined && Object.hasOwn(book.overrides, agentId) ? book.overrides[agentId] : undefined;

/**
 * The policy by which an event is judged: that of its key, and where its client names an agent with one of its own, the
 * stricter of both in everything, because what a client says of itself may make an outcome only stricter.
 */
export function policyForEvent(
  book: PolicyBook,
  profile: string | undefined,
  claimedAgent: string,
): ControlPolicy {
  const own = policyOf(book, profile);
  const claimed = overrideOf(book, claimedAgent);
  return claimed === undefined || claimedAgent === profile ? own : stricter(own, claimed);
}

/**
 * The policy by which an event is decided that came under another one: that of now. Only where nobody would be answered
 * now it is the one of then, because whoever sent the event was told to wait.
 */
export const policyToDecideBy = (atReceipt: ControlPolicy, now: ControlPolicy): ControlPolicy =>
  now.mode === 'alert' ? atReceipt : now;

/** Halting by itself is stricter than asking, and asking stricter than telling nobody. */
const STRICTNESS: readonly PolicyMode[] = ['alert', 'hitl', 'block'];

const stricter = (left: ControlPolicy, right: ControlPolicy): ControlPolicy => ({
  mode: STRICTNESS.indexOf(right.mode) > STRICTNESS.indexOf(left.mode) ? right.mode : left.mode,
  m0: left.m0 || right.m0,
  m2: left.m2 || right.m2,
  m3: left.m3 || right.m3,
  m4: left.m4 || right.m4,
  failClosedOnClassifierError: left.failClosedOnClassifierError || right.failClosedOnClassifierError,
});

/** The book with another policy of all. @throws DomainError `request.invalid` when nobody could keep it. */
export const withPolicy = (book: PolicyBook, policy: ControlPolicy): PolicyBook => ({
  ...book,
  version: book.version + 1,
  policy: requireKeepable(policy),
});

/**
 * The book with a policy of one agent's own.
 *
 * @throws DomainError `request.invalid` when nobody could keep it, the name is empty or too long, or there are too many.
 */
export function withOverride(book: PolicyBook, agentId: string, policy: ControlPolicy): PolicyBook {
  if (agentId === '' || agentId.length > MAX_AGENT_ID_UNITS) {
    throw new DomainError('request.invalid', `An agent's name has 1 to ${MAX_AGENT_ID_UNITS} characters`);
  }
  const overrides = new Map(Object.entries(book.overrides)).set(agentId, requireKeepable(policy));
  if (overrides.size > MAX_OVERRIDES) {
    throw new DomainError('request.invalid', `At most ${MAX_OVERRIDES} agents have a policy of their own`);
  }
  return { ...book, version: book.version + 1, overrides: Object.fromEntries(overrides) };
}

/** The book without an agent's own policy; undefined when it has none. */
export function withoutOverride(book: PolicyBook, agentId: string): PolicyBook | undefined {
  const overrides = new Map(Object.entries(book.overrides));
  if (!overrides.delete(agentId)) return undefined;
  return { ...book, version: book.version + 1, overrides: Object.fromEntries(overrides) };
}
