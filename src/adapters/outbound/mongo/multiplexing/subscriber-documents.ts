import {
  realmOf,
  type SubscriberId,
  type SubscriberRealm,
} from '../../../../domain/multiplexing/subscriber-id.ts';
import type { SubscriberState } from '../../../../domain/multiplexing/subscriber-state.ts';

/** The collection of subscriptions. */
export const SUBSCRIBERS = 'subscribers';

/** A subscription as it is stored, under its id. */
export interface SubscriberDocument extends Omit<SubscriberState, 'id'> {
  readonly _id: SubscriberId;
  readonly realm: SubscriberRealm;
}

export const documentOf = ({ id, ...state }: SubscriberState): SubscriberDocument => ({
  _id: id,
  realm: realmOf(id),
  ...state,
});

export const subscriberFrom = ({
  _id: id,
  realm: _realm,
  ...state
}: SubscriberDocument): SubscriberState => ({
  id,
  ...state,
});
