import { lookAtAccounting } from '../adapters/outbound/http/accounting/look-at-accounting.ts';
import type { Clock } from '../application/ports/clock.ts';
import type { Config } from './config.ts';
import type { ServiceName } from './service-name.ts';

/** How long a look at accounting holds, in milliseconds: whoever asks more often makes nobody ask it more often. */
const LOOK_MS = 1_000;

/**
 * A chat that runs apart from accounting works worse while that is away: nothing starts, and whatever runs goes on to its
 * readers, can be resumed, stopped and acknowledged. All nodes miss the same accounting, so that a balancer which left
 * out whoever misses it would leave out all of them, and with them what still works.
 */
export function accountingProbe(
  { accountingUrl }: Pick<Config, 'accountingUrl'>,
  clock: Clock,
  running: readonly ServiceName[],
): Readonly<Record<string, () => Promise<void>>> {
  if (accountingUrl === undefined || running.includes('accounting') || !running.includes('chat')) return {};
  let lookedAtMs = Number.NEGATIVE_INFINITY;
  let look = Promise.resolve();
  return {
    accounting: () => {
      const nowMs = clock.nowMs();
      if (nowMs - lookedAtMs >= LOOK_MS) {
        lookedAtMs = nowMs;
        look = lookAtAccounting(accountingUrl);
      }
      return look;
    },
  };
}
