import { PortError } from '../../../../application/ports/port-error.ts';

/** Longest wait for accounting to say that it can work, in milliseconds: as long as whoever asks for readiness waits. */
const LOOK_TIMEOUT_MS = 2_000;

/**
 * Resolves when an accounting service elsewhere says of itself that it can work.
 *
 * @throws PortError `unavailable` when it does not, or nobody answers.
 */
export async function lookAtAccounting(origin: URL, timeoutMs = LOOK_TIMEOUT_MS): Promise<void> {
  try {
    const response = await fetch(new URL('/health/ready', origin), {
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    });
    await response.body?.cancel();
    if (response.status !== 200)
      throw new PortError('unavailable', 'accounting', `accounting answered ${response.status}`);
  } catch (error) {
    if (error instanceof PortError) throw error;
    throw new PortError('unavailable', 'accounting', 'accounting could not be asked', { cause: error });
  }
}
