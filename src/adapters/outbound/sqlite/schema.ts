import { ACCOUNTING_OPERATIONS } from './accounting/accounting-operations.ts';
import { ALERT_OPERATIONS } from './alerts/alert-operations.ts';
import { AUDIT_OPERATIONS } from './audit/audit-operations.ts';
import { CLOCK_OPERATIONS } from './clock-mark.ts';
import { AGENT_EVENT_OPERATIONS } from './control/agent-event-operations.ts';
import { MCP_OPERATIONS } from './control/mcp-operations.ts';
import { POLICY_OPERATIONS } from './control/policy-operations.ts';
import { API_KEY_OPERATIONS } from './identity/api-key-operations.ts';
import { IDENTITY_OPERATIONS } from './identity/identity-operations.ts';
import { LOGIN_SESSION_OPERATIONS } from './identity/login-session-operations.ts';
import { TICKET_OPERATIONS } from './identity/ticket-operations.ts';
import { STREAMING_SCHEMA } from './migrations/0001-streaming.ts';
import { ACCOUNTING_SCHEMA } from './migrations/0002-accounting.ts';
import { IDENTITY_SCHEMA } from './migrations/0003-identity.ts';
import { CLOCK_MARK_SCHEMA } from './migrations/0004-clock-mark.ts';
import { REVOCATION_SCHEMA } from './migrations/0005-revocations.ts';
import { API_KEY_SCHEMA } from './migrations/0006-api-keys.ts';
import { AUDIT_SCHEMA } from './migrations/0007-audit.ts';
import { COOKIE_LOGINS_SCHEMA } from './migrations/0008-cookie-logins.ts';
import { STREAM_NODES_SCHEMA } from './migrations/0009-stream-nodes.ts';
import { SUBSCRIBER_SCHEMA } from './migrations/0010-subscribers.ts';
import { ALERT_SCHEMA } from './migrations/0011-alerts.ts';
import { AGENT_CONTROL_SCHEMA } from './migrations/0012-agent-control.ts';
import { STOP_WISHES_SCHEMA } from './migrations/0013-stop-wishes.ts';
import { AGENT_EVENT_LISTS_SCHEMA } from './migrations/0014-agent-event-lists.ts';
import type { Migration } from './migrations.ts';
import { SUBSCRIBER_OPERATIONS } from './multiplexing/subscriber-operations.ts';
import type { OperationSet } from './operation.ts';
import { STREAMING_OPERATIONS } from './streaming/streaming-operations.ts';

/** Every step of the schema, in order. */
export const MIGRATIONS: readonly Migration[] = [
  STREAMING_SCHEMA,
  ACCOUNTING_SCHEMA,
  IDENTITY_SCHEMA,
  CLOCK_MARK_SCHEMA,
  REVOCATION_SCHEMA,
  API_KEY_SCHEMA,
  AUDIT_SCHEMA,
  COOKIE_LOGINS_SCHEMA,
  STREAM_NODES_SCHEMA,
  SUBSCRIBER_SCHEMA,
  ALERT_SCHEMA,
  AGENT_CONTROL_SCHEMA,
  STOP_WISHES_SCHEMA,
  AGENT_EVENT_LISTS_SCHEMA,
];

/** Every write that the store knows. */
export const OPERATIONS: OperationSet = {
  ...STREAMING_OPERATIONS,
  ...ACCOUNTING_OPERATIONS,
  ...IDENTITY_OPERATIONS,
  ...LOGIN_SESSION_OPERATIONS,
  ...API_KEY_OPERATIONS,
  ...TICKET_OPERATIONS,
  ...CLOCK_OPERATIONS,
  ...AUDIT_OPERATIONS,
  ...SUBSCRIBER_OPERATIONS,
  ...ALERT_OPERATIONS,
  ...AGENT_EVENT_OPERATIONS,
  ...POLICY_OPERATIONS,
  ...MCP_OPERATIONS,
};
