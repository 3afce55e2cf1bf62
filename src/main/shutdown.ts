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
/** Exit code of a server whose store is out of reach for good. */
const EXIT_STORE_LOST = 3;
/** The longest that a step may take when nothing of it can be stored any more, in milliseconds. */
const LOST_STEP_MS = 500;

/** How a server is to end. */
interface ServerEnd {
  readonly exitCode: number;
  /** How long running streams may go on, in milliseconds. */
  readonly graceMs: number;
  /** The longest that any step may take, in milliseconds, whatever it may take by itself. */
  readonly stepMs: number;
}

/**
 * Waits for SIGTERM or SIGINT and returns the exit code that belongs to it. From then on a second signal ends the
 * process at once.
 */
function untilSignal(): Promise<number> {
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

/**
 * Waits for what ends the server: a signal, or the loss of its store. Without a store nothing more can be kept, and whoever
 * keeps the server running starts it again: so it ends without a grace, and what was stored is what the next start goes on from.
 */
export function untilEnd(
  store: { readonly lost: Promise<Error> },
  graceMs: number,
  log: Log,
): Promise<ServerEnd> {
  const stepMs = Number.POSITIVE_INFINITY;
  const signalled = untilSignal().then((exitCode) => ({ exitCode, graceMs, stepMs }));
  const lost = store.lost.then((cause) => {
    log.error(
      { err: cause },
      'the store is lost: the server ends, and its next start goes on from what is stored',
    );
    return { exitCode: EXIT_STORE_LOST, graceMs: 0, stepMs: LOST_STEP_MS };
  });
  return Promise.race([signalled, lost]);
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
