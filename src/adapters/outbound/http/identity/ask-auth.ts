import type { z } from 'zod';
import { PortError } from '../../../../application/ports/port-error.ts';

/** Longest wait for auth, in milliseconds, the answer's body included. */
const TIMEOUT_MS = 3_000;

/** Where auth is, and how a service shows that it is one. */
export interface AuthPeer {
  /** Auth's own origin; service routes answer there alone. */
  readonly authUrl: URL;
  readonly serviceKey: string;
}

/**
 * Asks a service route of auth.
 *
 * @throws PortError `unavailable` when auth cannot be asked, refuses, or answers what is not understood.
 */
export async function askAuth<Answer extends z.ZodType>(
  { authUrl, serviceKey }: AuthPeer,
  path: `/internal/${string}`,
  question: object,
  answer: Answer,
): Promise<z.output<Answer>> {
  try {
    const response = await fetch(new URL(path, authUrl), {
      method: 'POST',
      headers: { authorization: `Bearer ${serviceKey}`, 'content-type': 'application/json' },
      body: JSON.stringify(question),
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (response.status !== 200) {
      await response.body?.cancel();
      throw new PortError('unavailable', 'auth', `auth answered ${response.status}`);
    }
    return answer.parse(await response.json());
  } catch (error) {
    if (error instanceof PortError) throw error;
    throw new PortError('unavailable', 'auth', 'auth could not be asked', { cause: error });
  }
}
