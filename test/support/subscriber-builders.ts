import { Subscriber, type SubscriberClaim } from '../../src/domain/multiplexing/subscriber.ts';
import type { SubscriberId } from '../../src/domain/multiplexing/subscriber-id.ts';
import type { SubscriberOwner } from '../../src/domain/multiplexing/subscriber-owner.ts';
import type { SubscriberState } from '../../src/domain/multiplexing/subscriber-state.ts';
import { T0, user } from './ledger-builders.ts';

/** An owner of its own for each number. */
export const owner = (number: number): SubscriberOwner => `user:${user(number)}`;

/** A multiplexed session's name of its own for each number. */
export const muxId = (number: number): SubscriberId => `mux:${number.toString(36).padStart(32, '-')}`;

/** What stands for the hash of a token, of its own for each name. */
export const tokenHash = (name: string): string => Buffer.from(name).toString('hex').padStart(64, '0');

/** Where a connection of its own for each number stands, on one node unless told otherwise. */
export const place = (number: number, node = 'node-1') => ({ node, connection: `connection-${number}` });

/** A claim of the first session by the first owner, unless told otherwise. */
export function aClaim(facts: Partial<SubscriberClaim> = {}): SubscriberClaim {
  return {
    id: muxId(1),
    owner: owner(1),
    kind: 'chat',
    params: '{"chatSessionId":"c_1"}',
    holder: place(1),
    tokenSha256: tokenHash('first'),
    ...facts,
  };
}

/** A claim of a shared route, whose owner needs no token. */
export function aRouteClaim(facts: Partial<SubscriberClaim> = {}): SubscriberClaim {
  const { tokenSha256: _none, ...claim } = aClaim({ id: 'control:sess-shared-demo', kind: 'control' });
  return { ...claim, ...facts };
}

/** The state that a first claim leaves, with its mark. */
export const aSubscriber = (
  facts: Partial<SubscriberClaim> = {},
  mark = `claimed-${facts.id ?? ''}`,
  nowMs = T0,
): SubscriberState => Subscriber.claim(undefined, aClaim(facts), { nowMs, mark }).subscriber.snapshot();

/** The state after its holder has gone. */
export const left = (state: SubscriberState, nowMs: number): SubscriberState => {
  const { epoch, holders } = state;
  const fence = { connection: holders[0]?.connection ?? '', epoch };
  const after = Subscriber.restore(state).detach(fence, { nowMs, mark: `${state.mark} left` });
  if (after === undefined) throw new Error('the holder could not leave');
  return after.snapshot();
};
