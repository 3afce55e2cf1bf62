import type { Container } from 'inversify';
import { CryptoIdSource } from '../../adapters/outbound/system/crypto-id-source.ts';
import { NodeDigest } from '../../adapters/outbound/system/node-digest.ts';
import { SystemTimers } from '../../adapters/outbound/system/system-timers.ts';
import { Budget } from '../../application/budget.ts';
import type { Clock } from '../../application/ports/clock.ts';
import type { ServiceKeys } from '../../application/ports/identity/service-keys.ts';
import type { Log } from '../../application/ports/log.ts';
import type { Metrics } from '../../application/ports/metrics.ts';
import { BUDGETS, CLOCK, DIGEST, IDS, LOG, METRICS, SERVICE_KEYS, TIMERS } from '../tokens.ts';
import { bindAudit } from './audit.ts';

/** Binds what every service has of the system it runs on. */
export function bindSystem(
  container: Container,
  given: {
    readonly clock: Clock;
    readonly log: Log;
    readonly metrics: Metrics;
    readonly serviceKeys: ServiceKeys;
  },
): void {
  container.bind(CLOCK).toConstantValue(given.clock);
  container.bind(TIMERS).toConstantValue(new SystemTimers());
  container.bind(IDS).toConstantValue(new CryptoIdSource());
  container.bind(DIGEST).toConstantValue(new NodeDigest());
  container.bind(LOG).toConstantValue(given.log);
  container.bind(METRICS).toConstantValue(given.metrics);
  bindAudit(container);
  container.bind(SERVICE_KEYS).toConstantValue(given.serviceKeys);
}

/** Binds how long whoever asks for something waits for an answer to begin, in milliseconds. */
export function bindBudgets(container: Container, limitMs: number): void {
  const monotonicMs = (): number => performance.now();
  container
    .bind(BUDGETS)
    .toResolvedValue((timers) => () => new Budget({ timers, monotonicMs, limitMs }), [TIMERS]);
}
