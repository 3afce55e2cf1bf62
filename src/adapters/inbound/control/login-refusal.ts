import { DomainError } from '../../../domain/domain-error.ts';
import type { AgentCloseCode } from './agent-line.ts';

/** What whoever asks for another's session is told, whatever the cause; clients know this text. */
export const OWNED_BY_OTHER = 'session_id already active for another owner';

/** How a login that was refused is closed. */
export function refusalOf(error: unknown): { readonly code: AgentCloseCode; readonly reason: string } {
  if (!(error instanceof DomainError)) return { code: 1011, reason: 'The server cannot look whose it is' };
  if (error.code === 'subscriber.owned_by_other') return { code: 1008, reason: OWNED_BY_OTHER };
  if (error.code === 'subscriber.limit_reached') return { code: 4003, reason: 'Too many sessions' };
  if (error.code === 'request.invalid') return { code: 1002, reason: 'The session_id has no form of one' };
  return { code: 1011, reason: 'The server made a mistake' };
}
