import type { CloseCode } from './codes.ts';
import type { ConnectionKeeper } from './connection-keeper.ts';
import type { MuxSession } from './mux-session.ts';
import type { ErrorPayload } from './server-payloads.ts';
import type { SessionHost } from './session-host.ts';
import type { TurnPump } from './turn-pump.ts';

/** What a connection does for its sessions. */
interface Host {
  readonly name: string;
  answerError(payload: ErrorPayload, session: MuxSession): void;
  closeSession(session: MuxSession, code: CloseCode, reason: string): void;
}

/** What the sessions of a connection see of it. */
export const hostOfSessions = (
  keeper: ConnectionKeeper<never>,
  host: Host,
  pump: TurnPump,
): SessionHost<MuxSession> => ({
  maxMessageBytes: keeper.limits.maxMessageBytes,
  nowMs: () => keeper.clock.nowMs(),
  statsOf: (kind) => keeper.stats.ofKind(kind),
  answer: (handle, name, payload) => pump.answer(handle, name, payload),
  answerError: (session, payload) => host.answerError(payload, session),
  hasInbound: (session) => pump.addInbound(session),
  hasOutbound: (session) => pump.addOutbound(session),
  close: (session, code, reason) => host.closeSession(session, code, reason),
  confirm: (session) => keeper.confirm(session, host.name),
  show: (credential) => keeper.show(credential),
  authorityChanged: (session) => keeper.onAuthority(session),
});
