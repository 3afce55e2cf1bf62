import type { Container } from 'inversify';
import { MemoryAttemptCounters } from '../../adapters/outbound/memory/identity/memory-attempt-counters.ts';
import { LocalLiveTail } from '../../adapters/outbound/system/local-live-tail.ts';
import { ATTEMPT_COUNTERS, CLOCK, LIVE_TAIL } from '../tokens.ts';
import { bindLoneNode } from './fleet.ts';

/** Binds what a process that is alone keeps for itself and forgets when it ends. */
export function bindPassingThings(container: Container): void {
  container.bind(LIVE_TAIL).toConstantValue(new LocalLiveTail());
  bindLoneNode(container);
  container
    .bind(ATTEMPT_COUNTERS)
    .toResolvedValue((clock) => new MemoryAttemptCounters({ clock }), [CLOCK])
    .inSingletonScope();
}
