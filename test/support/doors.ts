/** Everybody who may knock at a route: nobody, each role by a login, and another service. */
export const SENDERS = ['nobody', 'user', 'supervisor', 'admin', 'service'] as const;
/** One of them. */
export type SenderName = (typeof SENDERS)[number];

const ANYBODY: readonly SenderName[] = SENDERS;
const PEOPLE: readonly SenderName[] = ['user', 'supervisor', 'admin'];
const OFFICERS: readonly SenderName[] = ['supervisor', 'admin'];
const ADMIN: readonly SenderName[] = ['admin'];
const SERVICE: readonly SenderName[] = ['service'];

/**
 * Who gets past the door of each route, written down by hand from the protocol, so that neither the table of
 * permissions nor the route's own word is what they are checked against.
 */
export const ALLOWED: Readonly<Record<string, readonly SenderName[]>> = {
  'GET /': ANYBODY,
  'GET /app/:release/:file': ANYBODY,
  'GET /app/:release/:room/:file': ANYBODY,
  'GET /health': ANYBODY,
  'GET /health/live': ANYBODY,
  'GET /health/ready': ANYBODY,
  'GET /api/health': ANYBODY,
  'GET /api/version': ANYBODY,
  'GET /.well-known/jwks.json': ANYBODY,
  'POST /api/auth/signup': ANYBODY,
  'POST /api/auth/login': ANYBODY,
  'POST /api/auth/refresh': ANYBODY,
  'POST /api/auth/logout': ANYBODY,
  'POST /api/auth/logout-all': ANYBODY,
  'POST /api/auth/session': ANYBODY,
  'GET /api/auth/session': PEOPLE,
  'DELETE /api/auth/session': PEOPLE,
  'GET /api/auth/sessions': PEOPLE,
  'DELETE /api/auth/sessions/:id': PEOPLE,
  'POST /api/auth/sessions/end-others': PEOPLE,
  'GET /api/auth/me': PEOPLE,
  'GET /api/profile': PEOPLE,
  'POST /api/change-password': PEOPLE,
  'GET /api/admin/users': ADMIN,
  'POST /api/admin/users': ADMIN,
  'PATCH /api/admin/users/:id': ADMIN,
  'DELETE /api/admin/users/:id': ADMIN,
  'POST /api/admin/users/:id/end-logins': ADMIN,
  'GET /api/audit': ADMIN,
  'GET /api/ops/alerts': ADMIN,
  'POST /internal/principals/resolve': SERVICE,
  'POST /api/keys': PEOPLE,
  'GET /api/keys': PEOPLE,
  'DELETE /api/keys/:id': PEOPLE,
  'POST /api/ws/tickets': PEOPLE,
  'POST /internal/tickets/redeem': SERVICE,
  'GET /internal/revocations': SERVICE,
  'POST /internal/sessions/use': SERVICE,
  'GET /api/credits/balance': PEOPLE,
  'GET /api/credits/total-balance': PEOPLE,
  'GET /api/credits/balance/:userId': OFFICERS,
  'POST /api/credits/check': PEOPLE,
  'POST /api/credits/calculate': PEOPLE,
  'POST /api/credits/deduct': PEOPLE,
  'POST /api/credits/allocate': ADMIN,
  'POST /api/credits/allocate-by-email': OFFICERS,
  'POST /api/credits/set': OFFICERS,
  'POST /api/credits/remove': OFFICERS,
  'POST /api/credits/adjust': OFFICERS,
  'GET /api/credits/allocations/all': OFFICERS,
  'POST /api/streaming-sessions/initialize': SERVICE,
  'POST /api/streaming-sessions/extend': SERVICE,
  'POST /api/streaming-sessions/checkpoint': SERVICE,
  'POST /api/streaming-sessions/finalize': SERVICE,
  'POST /api/streaming-sessions/abort': SERVICE,
  'GET /api/streaming-sessions/active': PEOPLE,
  'GET /api/streaming-sessions/active/all': OFFICERS,
  'GET /api/streaming-sessions/active/:userId': OFFICERS,
  'GET /api/streaming-sessions/recent': PEOPLE,
  'GET /api/streaming-sessions/recent/all': OFFICERS,
  'GET /api/streaming-sessions/recent/:userId': OFFICERS,
  'GET /api/usage/stats': PEOPLE,
  'GET /api/usage/stats/:userId': OFFICERS,
  'GET /api/usage/system-stats': OFFICERS,
  'POST /api/usage/record': SERVICE,
  'GET /api/ledger/journal': ADMIN,
  'POST /api/chat/sessions': PEOPLE,
  'GET /api/chat/sessions': PEOPLE,
  'GET /api/chat/sessions/:id': PEOPLE,
  'PATCH /api/chat/sessions/:id': PEOPLE,
  'DELETE /api/chat/sessions/:id': PEOPLE,
  'POST /api/chat/sessions/:id/messages': PEOPLE,
  'GET /api/chat/sessions/:id/messages': PEOPLE,
  'POST /api/chat/sessions/:id/stream': PEOPLE,
  'GET /api/chat/sessions/:id/stream': PEOPLE,
  'POST /api/chat/sessions/:id/stop': PEOPLE,
  'POST /api/chat/sessions/:id/update-stream': PEOPLE,
  'GET /api/chat/sessions/:id/observe': OFFICERS,
  'GET /api/chat/users/search': OFFICERS,
  'GET /api/chat/users/:userId/sessions': OFFICERS,
  'GET /api/chat/users/:userId/sessions/:sessionId': OFFICERS,
  'GET /api/models': PEOPLE,
  'POST /api/models/recommend': PEOPLE,
};

/** The same for WebSockets, which are asked for by GET. */
export const ALLOWED_SOCKETS: Readonly<Record<string, readonly SenderName[]>> = { 'GET /ws/mux': PEOPLE };

/** Routes that end the login they are called with; a walk takes them last, and logs in again for each. */
export const ENDS_THE_LOGIN: ReadonlySet<string> = new Set([
  'POST /api/auth/logout',
  'POST /api/auth/logout-all',
  'DELETE /api/auth/session',
]);
