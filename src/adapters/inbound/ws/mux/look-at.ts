import type { MuxConnection } from './mux-connection.ts';
import { PING_EVERY_MS, PONG_WITHIN_MS, STALLED_MS } from './mux-limits.ts';

/** Pings a connection when it is time, and lets one go that does not answer or takes nothing. */
export function lookAt(connection: MuxConnection, nowMs: number): void {
  const isUnheard = connection.heardAtMs < connection.pingedAtMs;
  if (isUnheard && nowMs - connection.pingedAtMs >= PONG_WITHIN_MS) {
    connection.cut();
    return;
  }
  if (nowMs - connection.pingedAtMs >= PING_EVERY_MS) connection.ping(nowMs);
  if (!connection.isHeldUp) connection.heldUpSinceMs = undefined;
  else if (connection.heldUpSinceMs === undefined) connection.heldUpSinceMs = nowMs;
  else if (nowMs - connection.heldUpSinceMs >= STALLED_MS) connection.close(4008, 'Nothing is read');
}
