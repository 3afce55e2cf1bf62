import type { SubscriberId } from '../../../../domain/multiplexing/subscriber-id.ts';
import type { SubscriberOwner } from '../../../../domain/multiplexing/subscriber-owner.ts';
import type { Kind } from './kinds/kind.ts';

/** What a session is; nothing of it ever changes. */
export interface SessionIdentity {
  readonly id: SubscriberId;
  readonly owner: SubscriberOwner;
  readonly kind: Kind;
}
