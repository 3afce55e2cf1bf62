import type { Container } from 'inversify';
import type { Clock } from '../../application/ports/clock.ts';
import type { Log } from '../../application/ports/log.ts';
import type { Metrics } from '../../application/ports/metrics.ts';
import type { Config } from '../config.ts';

/** What of the configuration decides about the store and how this node uses it. */
export type StoreConfig = Pick<
  Config,
  'data' | 'takeBack' | 'audit.keyFile' | 'mongodb.url' | 'redis.url' | 'fleet.lease' | 'service'
>;

/** Where what happens to a store is told. */
export interface Telling {
  readonly log: Log;
  readonly metrics: Metrics;
}

/** The store that this process has opened, of whichever kind. */
export interface OpenStore {
  /** The clock that everything reads which this store is to remember. */
  readonly clock: Clock;
  /** Whatever this process cannot serve without, by its name; each resolves while it can be used. */
  readonly needed: Readonly<Record<string, () => Promise<void>>>;
  /** Whatever it serves worse without, by its name; each resolves while it is there. */
  readonly wanted: Readonly<Record<string, () => Promise<void>>>;
  /** Resolves with the cause when this process can never use the store again, which the next one can. */
  readonly lost: Promise<Error>;
  /** Binds every port that the store keeps. */
  bind(container: Container): Promise<void>;
  /** Lets go of it; what others could wait for is theirs at once. */
  close(): Promise<void>;
}
