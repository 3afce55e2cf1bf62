import { setTimeout as pause } from 'node:timers/promises';
import { PortError } from '../../src/application/ports/port-error.ts';

/**
 * How long a call is made again before its failure is believed, in milliseconds: longer than a server that was killed
 * takes to come back, since a store refuses at once until then.
 */
const BELIEVED_AFTER_MS = 60_000;
/** Time between two calls, in milliseconds. */
const CALL_AGAIN_MS = 20;

/** Calls until the store answers, as services do: again and again with the same ids. */
export async function insist<Out>(call: () => Promise<Out>): Promise<Out> {
  const until = performance.now() + BELIEVED_AFTER_MS;
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof PortError) || performance.now() > until) throw error;
    }
    await pause(CALL_AGAIN_MS);
  }
}
