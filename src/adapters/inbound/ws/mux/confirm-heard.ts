import type { SessionHost } from './session-host.ts';

/** Tells the directory that the client of a taken back session has been heard, and closes it where that changes nothing. */
export async function confirmHeard<Session>(session: Session, host: SessionHost<Session>): Promise<void> {
  const outcome = await host.confirm(session).catch(() => 'out-of-reach' as const);
  if (outcome === 'not-held') host.close(session, 4501, 'The session has moved');
  if (outcome === 'out-of-reach') host.close(session, 1011, 'The directory is out of reach');
}
