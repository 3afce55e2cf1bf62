import type { ServiceIdentifier } from 'inversify';
import type { SessionCookie } from '../adapters/inbound/http/session-cookie.ts';
import type { SocketRoute } from '../adapters/inbound/ws/upgrade-guard.ts';
import type { Budget } from '../application/budget.ts';
import type { CreditHolds } from '../application/ports/accounting/credit-holds.ts';
import type { ReservationLedger } from '../application/ports/accounting/reservation-ledger.ts';
import type { AuditLog } from '../application/ports/audit-log.ts';
import type { AuditTrail } from '../application/ports/audit-trail.ts';
import type { Clock } from '../application/ports/clock.ts';
import type { Digest } from '../application/ports/digest.ts';
import type { IdSource } from '../application/ports/id-source.ts';
import type { AccessTokenIssuer, AccessTokenVerifier } from '../application/ports/identity/access-tokens.ts';
import type { ApiKeyRepository } from '../application/ports/identity/api-key-repository.ts';
import type { ApiKeyVerifier } from '../application/ports/identity/api-key-verifier.ts';
import type { AttemptCounters } from '../application/ports/identity/attempt-counters.ts';
import type { LoginEnds } from '../application/ports/identity/login-ends.ts';
import type { LoginSessionRepository } from '../application/ports/identity/login-session-repository.ts';
import type { PasswordHasher } from '../application/ports/identity/password-hasher.ts';
import type { PrincipalDirectory } from '../application/ports/identity/principal-directory.ts';
import type { RevocationLog } from '../application/ports/identity/revocation-log.ts';
import type { ServiceKeys } from '../application/ports/identity/service-keys.ts';
import type { SessionStatus } from '../application/ports/identity/session-status.ts';
import type { SigningKeyRepository } from '../application/ports/identity/signing-key-repository.ts';
import type { TicketRedeemer } from '../application/ports/identity/ticket-redeemer.ts';
import type { TicketRepository } from '../application/ports/identity/ticket-repository.ts';
import type { UserRepository } from '../application/ports/identity/user-repository.ts';
import type { UserStreams } from '../application/ports/identity/user-streams.ts';
import type { Log } from '../application/ports/log.ts';
import type { Metrics } from '../application/ports/metrics.ts';
import type { ChatRepository } from '../application/ports/streaming/chat-repository.ts';
import type { CompletionModels } from '../application/ports/streaming/completion-model.ts';
import type { EventLog } from '../application/ports/streaming/event-log.ts';
import type { LiveTail } from '../application/ports/streaming/live-tail.ts';
import type { ModelCatalog } from '../application/ports/streaming/model-catalog.ts';
import type { StreamRepository } from '../application/ports/streaming/stream-repository.ts';
import type { Timers } from '../application/ports/timers.ts';

/** A typed token: a binding of the wrong type, or a swapped dependency, does not compile. */
export const identify = <T>(name: string): ServiceIdentifier<T> => Symbol(name);

export const CLOCK = identify<Clock>('Clock');
export const TIMERS = identify<Timers>('Timers');
/** A new budget for whoever begins to wait. */
export const BUDGETS = identify<() => Budget>('Budgets');
export const IDS = identify<IdSource>('IdSource');
export const DIGEST = identify<Digest>('Digest');
export const LOG = identify<Log>('Log');
export const METRICS = identify<Metrics>('Metrics');
export const AUDIT = identify<AuditTrail>('AuditTrail');
export const AUDIT_LOG = identify<AuditLog>('AuditLog');
export const SERVICE_KEYS = identify<ServiceKeys>('ServiceKeys');

export const USERS = identify<UserRepository>('UserRepository');
export const LOGIN_SESSIONS = identify<LoginSessionRepository>('LoginSessionRepository');
export const LOGIN_ENDS = identify<LoginEnds>('LoginEnds');
export const REVOCATIONS = identify<RevocationLog>('RevocationLog');
export const API_KEYS = identify<ApiKeyRepository>('ApiKeyRepository');
export const API_KEY_VERIFIER = identify<ApiKeyVerifier>('ApiKeyVerifier');
export const TICKETS = identify<TicketRepository>('TicketRepository');
export const TICKET_REDEEMER = identify<TicketRedeemer>('TicketRedeemer');
export const SIGNING_KEYS = identify<SigningKeyRepository>('SigningKeyRepository');
export const PASSWORD_HASHER = identify<PasswordHasher>('PasswordHasher');
export const ATTEMPT_COUNTERS = identify<AttemptCounters>('AttemptCounters');
export const TOKEN_ISSUER = identify<AccessTokenIssuer>('AccessTokenIssuer');
export const TOKEN_VERIFIER = identify<AccessTokenVerifier>('AccessTokenVerifier');
export const SESSION_STATUS = identify<SessionStatus>('SessionStatus');
export const PRINCIPAL_DIRECTORY = identify<PrincipalDirectory>('PrincipalDirectory');

/** The cookie of browsers' logins, in every service: where it decides nothing it is still looked at. */
export const SESSION_COOKIE = identify<SessionCookie>('SessionCookie');

/** What takes WebSockets over on the chat port, behind the guard; a deployment or a test may bring its own. */
export const SOCKET_ROUTES = identify<readonly SocketRoute[]>('SocketRoutes');

export const LEDGER = identify<ReservationLedger>('ReservationLedger');
export const CREDIT_HOLDS = identify<CreditHolds>('CreditHolds');

export const USER_STREAMS = identify<UserStreams>('UserStreams');
export const CHATS = identify<ChatRepository>('ChatRepository');
export const STREAMS = identify<StreamRepository>('StreamRepository');
export const EVENT_LOG = identify<EventLog>('EventLog');
export const LIVE_TAIL = identify<LiveTail>('LiveTail');
export const MODELS = identify<CompletionModels>('CompletionModels');
export const MODEL_CATALOG = identify<ModelCatalog>('ModelCatalog');
