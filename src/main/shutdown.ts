import type { Log } from '../application/ports/log.ts';

/** One step of ending: they run one after the other, each only so long. */
export interface ShutdownStep {
  readonly name: string;
  /** The longest that it may take, in milliseconds; the next step starts then anyway. */
  readonly limitMs: number;
  run(): Promise<void>;
}

/** Exit code of a process that a user interrupted. */
const EXIT_INTERRUPTED = 130;

/**
 * Waits for SIGTERM or SIGINT and returns the exit code that belongs to it. From then on a second signal ends the
 * process at once.
 */
export function untilSignal(): Promise<number> {
  return new Promise((resolve) => {
    const onSignal = (signal: NodeJS.Signals): void => {
      for (const name of ['SIGTERM', 'SIGINT'] as const) {
        process.off(name, onSignal);
        process.once(name, () => process.exit(EXIT_INTERRUPTED));
      }
      resolve(signal === 'SIGINT' ? EXIT_INTERRUPTED : 0);
    };
    process.on('SIGTERM', onSignal);
    process.on('SIGINT', onSignal);
  });
}

/** Runs the steps in order. One that fails or takes too long is told in the log and does not hold up the rest. */
export async function shutDown(steps: readonly ShutdownStep[], log: Log): Promise<void> {
  for (const { name, limitMs, run } of steps) {
    const limit = AbortSignal.timeout(limitMs);
    const tooLong = new Promise<never>((_, reject) => {
      limit.addEventListener('abort', () => reject(new Error(`not done within ${limitMs} ms`)), {
        once: true,
      });
    });
    try {
      await Promise.race([run(), tooLong]);
    } catch (error) {
      log.error({ step: name, err: error }, 'a step of the shutdown failed');
    }
  }
}
