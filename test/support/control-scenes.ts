import { AgentClient } from './agent-client.ts';
import type { ApiClient } from './api-client.ts';
import { eventually } from './eventually.ts';

/** An agent's key, as an admin makes it. */
export interface AgentKey {
  readonly id: string;
  readonly key: string;
}

/** What whoever asks for another's session is told, word by word. */
export const OWNED_BY_OTHER = { code: 1008, reason: 'session_id already active for another owner' };

const POLICY = {
  mode: 'alert',
  m0: false,
  m2: false,
  m3: true,
  m4: true,
  failClosedOnClassifierError: false,
};

/** Makes a control key; bound to an agent profile where one is named. */
export async function agentKey(
  admin: ApiClient,
  agent?: string,
  password = 'admin@admin',
  scopes: readonly string[] = ['control'],
  expiresAtMs?: number,
): Promise<AgentKey> {
  const expiry = expiresAtMs === undefined ? {} : { expiresAt: new Date(expiresAtMs).toISOString() };
  const draft = { name: agent ?? 'agent', scopes, password, ...expiry };
  const named = agent === undefined ? draft : { ...draft, agent };
  const { status, body } = await admin.post('auth', '/api/keys', named);
  if (status !== 201) throw new Error(`no key: ${JSON.stringify(body)}`);
  return { id: body.id, key: body.key };
}

/** Decides the policy of all agents. */
export async function setPolicy(admin: ApiClient, changes: Partial<typeof POLICY>): Promise<void> {
  const policy = JSON.stringify({ ...POLICY, ...changes });
  const { status, body } = await admin.send('chat', 'PUT', '/api/settings/policy', policy);
  if (status !== 200) throw new Error(`no policy: ${JSON.stringify(body)}`);
}

/** The review that an event asked for, once it is there. */
export function reviewOf(reviewer: ApiClient, eventId: string): Promise<{ readonly id: string }> {
  return eventually(async () => {
    const { body } = await reviewer.get('chat', '/api/reviews?limit=100');
    const review = body.reviews.find((one: { eventId: string }) => one.eventId === eventId);
    if (review === undefined) throw new Error(`there is no review of ${eventId}`);
    return review;
  });
}

/** Decides what an event asked, and gives the answer of the server. */
export async function decide(reviewer: ApiClient, eventId: string, decision: 'approve' | 'reject') {
  const { id } = await reviewOf(reviewer, eventId);
  return reviewer.post('chat', `/api/reviews/${id}/${decision}`, {});
}

/** Asks for a session that is another's; nothing must come of it but the close. */
export async function expectConflict(url: string, key: string, sessionId: string): Promise<void> {
  const client = await AgentClient.connect(url, key);
  client.logIn(sessionId);
  const closed = await client.closed;
  if (JSON.stringify(closed) !== JSON.stringify(OWNED_BY_OTHER) || client.received.length > 0) {
    throw new Error(`closed by ${JSON.stringify(closed)} after ${JSON.stringify(client.received)}`);
  }
}
