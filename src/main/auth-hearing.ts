import { setTimeout as sleep } from 'node:timers/promises';
import type { Container } from 'inversify';
import type { Log } from '../application/ports/log.ts';
import type { ServiceName } from './service-name.ts';
import { HEARD_ENDS } from './tokens/identity.ts';

/** How long a start waits for auth to be heard, in milliseconds. */
const FIRST_HEARING_MS = 2_000;

/** A service that runs apart from auth is ready only while it hears whose login has ended. */
export const hearingProbe = (
  container: Container,
  running: readonly ServiceName[],
): Readonly<Record<string, () => Promise<void>>> =>
  running.includes('auth') ? {} : { auth: async () => container.get(HEARD_ENDS).requireHeard() };

/**
 * Until auth was heard once nobody is let in, so that is waited for before anybody is called; not for ever, since auth
 * may be down.
 */
export async function untilAuthIsHeard(
  container: Container,
  running: readonly ServiceName[],
  log: Log,
): Promise<void> {
  if (running.includes('auth')) return;
  const late = sleep(FIRST_HEARING_MS, 'late' as const, { ref: false });
  if ((await Promise.race([container.get(HEARD_ENDS).untilHeard(), late])) !== 'late') return;
  log.warn({}, 'auth has not been heard yet: nobody is let in until it is');
}
