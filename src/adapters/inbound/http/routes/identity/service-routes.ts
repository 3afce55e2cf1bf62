import { z } from 'zod';
import type { DirectoryEntry } from '../../../../../application/ports/identity/principal-directory.ts';
import { isUserId, type LoginSessionId } from '../../../../../domain/identity/ids.ts';
import type {
  AgentPrincipal,
  EndingPrincipal,
  KeyPrincipal,
  PersonPrincipal,
} from '../../../../../domain/identity/principal.ts';
import { defineRoute, type Route } from '../../route.ts';
import {
  type agentAnswer,
  keySetAnswer,
  type principalAnswer,
  redeemedAnswer,
  resolvedAnswer,
  usedAnswer,
} from './answers.ts';
import type { IdentityUseCases } from './identity-use-cases.ts';

type Uses = Pick<IdentityUseCases, 'resolveCredential' | 'directory' | 'keys' | 'use'>;

/** Longest credential that is looked at, in characters. */
const MAX_CREDENTIAL_LENGTH = 8_192;
/** Longest ticket that is looked at, in characters; ours have 43. */
const MAX_TICKET_LENGTH = 512;
/** Longest id of a login that is looked for, in UTF-16 code units; ours have 34. */
const MAX_ID_LENGTH = 128;
/** Longest name or text that is looked for, in UTF-16 code units. */
const MAX_NAME_LENGTH = 1_024;
/** Highest offset into a search. */
const MAX_OFFSET = 100_000_000;
/** Most rows of one search. */
const MAX_ROWS = 100;
/** Rows of one search when the service does not say. */
const DEFAULT_ROWS = 20;

type Person = z.output<typeof principalAnswer>;
type Holder = Person | z.output<typeof agentAnswer>;

/** What the other services ask auth. */
export const serviceRoutes = (useCases: Uses): Route[] => [
  publishKeys(useCases),
  resolve(useCases),
  redeem(useCases),
  noteUse(useCases),
];

const publishKeys = ({ keys }: Uses): Route =>
  defineRoute({
    method: 'get',
    path: '/.well-known/jwks.json',
    operationId: 'getKeys',
    summary: 'The public keys that verify access tokens (RFC 7517)',
    permission: 'public',
    answers: { 200: { description: 'The key set', schema: keySetAnswer } },
    async handle() {
      const headers = { 'Cache-Control': 'public, max-age=300' };
      return { status: 200, headers, body: await keys.publicKeys() };
    },
  });

const name = z.string().min(1).max(MAX_NAME_LENGTH).optional();
const QUESTIONS = ['credential', 'userId', 'username', 'email', 'query'] as const;

const question = z
  .object({
    credential: z.string().min(1).max(MAX_CREDENTIAL_LENGTH).optional(),
    kind: z.enum(['bearer', 'cookie']).default('bearer').describe('Where the credential stood'),
    userId: name,
    username: name,
    email: name,
    query: z.string().max(MAX_NAME_LENGTH).describe('Text to search for; empty finds everybody').optional(),
    offset: z.int().min(0).max(MAX_OFFSET).default(0),
    limit: z.int().min(1).max(MAX_ROWS).default(DEFAULT_ROWS),
  })
  .refine((body) => QUESTIONS.filter((asked) => body[asked] !== undefined).length === 1, {
    message: `must ask exactly one of ${QUESTIONS.join(', ')}`,
  });

const resolve = (useCases: Uses): Route =>
  defineRoute({
    method: 'post',
    path: '/internal/principals/resolve',
    operationId: 'resolvePrincipal',
    summary: 'Who holds a credential, an id, a username or an email, or whose name contains a text',
    permission: 'service',
    body: question,
    answers: { 200: { description: 'Whom it names; null for nobody', schema: resolvedAnswer } },
    async handle({ body }) {
      return { status: 200, body: await answer(useCases, body) };
    },
  });

const redeem = ({ directory, resolveCredential }: Uses): Route =>
  defineRoute({
    method: 'post',
    path: '/internal/tickets/redeem',
    operationId: 'redeemTicket',
    summary: 'Whose login a ticket carries; it is spent by this',
    permission: 'service',
    body: z.object({ ticket: z.string().min(1).max(MAX_TICKET_LENGTH) }),
    answers: {
      200: { description: 'Whose; null for one that is not good any more', schema: redeemedAnswer },
    },
    async handle({ body }) {
      const credential = { kind: 'ticket', value: body.ticket } as const;
      const principal = await resolveCredential.execute({ credential });
      const redeemer = principal?.kind === 'user' ? await person(directory, principal) : null;
      return { status: 200, body: { principal: redeemer } };
    },
  });

const noteUse = ({ use }: Uses): Route =>
  defineRoute({
    method: 'post',
    path: '/internal/sessions/use',
    operationId: 'useSession',
    summary: 'Tells that a login by a cookie is in use elsewhere, so that it does not end idle',
    permission: 'service',
    body: z.object({ sessionId: z.string().min(1).max(MAX_ID_LENGTH) }),
    answers: { 200: { description: 'Whether it still lives', schema: usedAnswer } },
    async handle({ body }) {
      return { status: 200, body: { live: await use.tell(body.sessionId as LoginSessionId) } };
    },
  });

async function answer(
  { directory, resolveCredential }: Uses,
  asked: z.output<typeof question>,
): Promise<z.output<typeof resolvedAnswer>> {
  if (asked.query !== undefined) {
    const { entries, total } = await directory.search(asked.query, asked);
    return { principals: [...entries], total };
  }
  if (asked.credential !== undefined) {
    const credential = { kind: asked.kind, value: asked.credential };
    return { principal: await holder(directory, await resolveCredential.execute({ credential })) };
  }
  return { principal: (await find(directory, asked)) ?? null };
}

/** Whom a credential stands for, with what may be known of a person. */
async function holder(
  directory: Uses['directory'],
  principal: EndingPrincipal | undefined,
): Promise<Holder | null> {
  if (principal === undefined) return null;
  if (principal.kind === 'agent') {
    const { apiKeyId, agent = null, scopes } = principal;
    return { apiKeyId, agent, scopes: [...scopes], ...expiryOf(principal) };
  }
  return person(directory, principal);
}

async function person(directory: Uses['directory'], principal: PersonPrincipal): Promise<Person | null> {
  const entry = await directory.resolve(principal.userId);
  if (entry === undefined) return null;
  if (principal.kind === 'user') {
    const { loginSessionId: sessionId, byCookie, mustChangePassword } = principal;
    return {
      ...entry,
      sessionId,
      ...(byCookie ? { byCookie } : {}),
      ...(mustChangePassword ? { mustChangePassword } : {}),
    };
  }
  return {
    ...entry,
    apiKeyId: principal.apiKeyId,
    scopes: [...principal.scopes],
    ...expiryOf(principal),
  };
}

const expiryOf = ({ expiresAtMs }: KeyPrincipal | AgentPrincipal): { readonly expiresAt?: string } =>
  expiresAtMs === undefined ? {} : { expiresAt: new Date(expiresAtMs).toISOString() };

async function find(
  directory: Uses['directory'],
  asked: z.output<typeof question>,
): Promise<DirectoryEntry | undefined> {
  if (asked.email !== undefined) return directory.resolveEmail(asked.email);
  if (asked.username !== undefined) return directory.resolve(asked.username);
  return asked.userId !== undefined && isUserId(asked.userId) ? directory.resolve(asked.userId) : undefined;
}
