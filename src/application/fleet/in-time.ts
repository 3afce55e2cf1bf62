import { PortError } from '../ports/port-error.ts';
import type { Timers } from '../ports/timers.ts';

/**
 * What a store answers within a time. What it does later is not waited for.
 *
 * @throws PortError `timeout` when the time has passed; whatever the work throws before.
 */
export async function inTime<T>(work: Promise<T>, timers: Timers, withinMs: number): Promise<T> {
  const answered = new AbortController();
  const passed = timers.sleep(withinMs, answered.signal).then(() => {
    throw new PortError('timeout', 'store', `nothing was answered within ${withinMs} ms`);
  });
  passed.catch(() => undefined);
  work.catch(() => undefined);
  try {
    return await Promise.race([work, passed]);
  } finally {
    answered.abort();
  }
}
