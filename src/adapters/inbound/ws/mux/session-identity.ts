import type { SubscriberId } from '../../../../domain/multiplexing/subscriber-id.ts';
import type { SubscriberOwner } from '../../../../domain/multiplexing/subscriber-owner.ts';
import type { Authority } from './authority.ts';
import type { Kind } from './kinds/kind.ts';
import type { Waiting } from './own-together.ts';
import type { TurnTaker } from './turn-pump.ts';

/** What a session is; nothing of it ever changes. */
export interface SessionIdentity {
  readonly id: SubscriberId;
  readonly owner: SubscriberOwner;
  readonly kind: Kind;
}

/** A session, as whatever waits for it is kept by. */
export interface IdentifiedTaker extends TurnTaker, SessionIdentity {}

/** What a session is made of. */
export interface SessionParts extends SessionIdentity {
  readonly authority: Authority;
  readonly weight: number;
  /** What its client grants first, in bytes. */
  readonly window: number;
}

/** A frame that has come for a session and waits to be acted on. */
export interface Come extends Waiting {
  readonly name: 'DATA' | 'AUTH';
  payload: Buffer;
}
