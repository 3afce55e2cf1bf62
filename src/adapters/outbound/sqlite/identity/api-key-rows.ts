import type { ApiKey } from '../../../../domain/identity/api-key.ts';
import type { ApiKeyId, LoginSessionId, UserId } from '../../../../domain/identity/ids.ts';
import type { Ticket } from '../../../../domain/identity/ticket.ts';
import type { Row } from './identity-rows.ts';

export const API_KEY_COLUMNS =
  'id, sha256, name, scopes, owner_id, agent, created_at_ms, expires_at_ms, last_used_at_ms, revoked_at_ms';

export const apiKeyFrom = (row: Row): ApiKey => ({
  id: row.id as ApiKeyId,
  sha256: row.sha256 as string,
  name: row.name as string,
  scopes: JSON.parse(row.scopes as string) as ApiKey['scopes'],
  ...(row.owner_id === null ? {} : { ownerId: row.owner_id as UserId }),
  ...(row.agent === null ? {} : { agent: row.agent as string }),
  createdAtMs: row.created_at_ms as number,
  ...(row.expires_at_ms === null ? {} : { expiresAtMs: row.expires_at_ms as number }),
  ...(row.last_used_at_ms === null ? {} : { lastUsedAtMs: row.last_used_at_ms as number }),
  ...(row.revoked_at_ms === null ? {} : { revokedAtMs: row.revoked_at_ms as number }),
});

export const ticketFrom = (row: Row): Ticket => ({
  sha256: row.sha256 as string,
  userId: row.user_id as UserId,
  loginSessionId: row.login_session_id as LoginSessionId,
  role: row.role as Ticket['role'],
  ...(row.by_cookie === 1 ? { byCookie: true } : {}),
  createdAtMs: row.created_at_ms as number,
  expiresAtMs: row.expires_at_ms as number,
});
