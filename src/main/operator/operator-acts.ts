import type { Container } from 'inversify';
import { z } from 'zod';
import type { UserProfile } from '../../application/identity/user-profile.ts';
import { DomainError } from '../../domain/domain-error.ts';
import { ADMINISTER_USER, CREATE_USER, LIST_USERS } from '../tokens/identity.ts';

/** Most accounts of one page. */
const MAX_PAGE = 100;

const ROLE = z.enum(['admin', 'supervisor', 'user']);
const NAMED = z.strictObject({ user: z.string().min(1).max(100) });

/** What the operator of this machine may ask for, each with the form of its input. */
export const OPERATOR_ACTS = {
  'user.list': z.strictObject({
    text: z.string().max(254),
    offset: z.number().int().min(0),
    limit: z.number().int().min(1).max(MAX_PAGE),
  }),
  'user.create': z.strictObject({
    username: z.string(),
    email: z.string(),
    password: z.string(),
    role: ROLE,
  }),
  'user.role': NAMED.extend({ role: ROLE }),
  'user.password': NAMED.extend({ password: z.string() }),
  'user.disable': NAMED.extend({ disabled: z.boolean() }),
} as const;

/** The name of an act. */
export type OperatorAct = keyof typeof OPERATOR_ACTS;
/** The input of an act. */
export type OperatorInput<Act extends OperatorAct> = z.output<(typeof OPERATOR_ACTS)[Act]>;

/** What an act answers. */
export interface OperatorAnswer {
  readonly users: readonly UserProfile[];
  /** How many there are in all, of which `users` may be a page. */
  readonly total: number;
}

/**
 * Carries out what the operator asks for, by the same use cases that the routes call.
 *
 * @throws DomainError as the use cases do, and `request.invalid` for an act or input that there is not.
 */
export async function performOperatorAct(
  container: Container,
  act: string,
  input: unknown,
): Promise<OperatorAnswer> {
  if (!Object.hasOwn(OPERATOR_ACTS, act)) throw new DomainError('request.invalid', `There is no act ${act}`);
  const known = act as OperatorAct;
  const read = OPERATOR_ACTS[known].safeParse(input);
  if (!read.success)
    throw new DomainError('request.invalid', `${act}: ${read.error.issues[0]?.message ?? 'wrong input'}`);
  return PERFORM[known](container, read.data as never);
}

const PERFORM: {
  readonly [Act in OperatorAct]: (container: Container, input: OperatorInput<Act>) => Promise<OperatorAnswer>;
} = {
  'user.list': (container, page) => container.get(LIST_USERS).execute(page),
  'user.create': async (container, { username, email, password, role }) => {
    const by = { actor: 'system', role, isVerified: true } as const;
    return one(await container.get(CREATE_USER).execute({ username, email, password, by }));
  },
  'user.role': (container, { user, role }) => administer(container, { user, role }),
  'user.password': (container, { user, password }) => administer(container, { user, password }),
  'user.disable': (container, { user, disabled }) => administer(container, { user, disabled }),
};

async function administer(
  container: Container,
  change: { user: string; role?: z.output<typeof ROLE>; password?: string; disabled?: boolean },
): Promise<OperatorAnswer> {
  return one(await container.get(ADMINISTER_USER).execute({ ...change, actor: 'system' }));
}

const one = (user: UserProfile): OperatorAnswer => ({ users: [user], total: 1 });
