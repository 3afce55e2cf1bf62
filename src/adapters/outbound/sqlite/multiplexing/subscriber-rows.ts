import type { SQLOutputValue } from 'node:sqlite';
import type { SubscriberState } from '../../../../domain/multiplexing/subscriber-state.ts';

/** Reads a row of subscribers. */
export const subscriberFrom = (row: Readonly<Record<string, SQLOutputValue>>): SubscriberState =>
  JSON.parse(row.state as string) as SubscriberState;
