import { PortError } from '../../src/application/ports/port-error.ts';

/** How often a call is made before its failure is believed. */
const MAX_CALLS = 20;

/** Calls until the store answers, as services do: again and again with the same ids. */
export async function insist<Out>(call: () => Promise<Out>): Promise<Out> {
  for (let calls = 1; ; calls += 1) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof PortError) || calls === MAX_CALLS) throw error;
    }
  }
}
