import type { Container } from 'inversify';
import type { z } from 'zod';
import { DomainError } from '../../domain/domain-error.ts';
import { CREDIT_ACTS } from './credit-acts.ts';
import type { OperatorActOf } from './define-act.ts';
import { KEY_ACTS } from './key-acts.ts';
import { USER_ACTS } from './user-acts.ts';

/** What the operator of this machine may ask for. */
const OPERATOR_ACTS = { ...USER_ACTS, ...KEY_ACTS, ...CREDIT_ACTS } as const;

/** The name of an act. */
export type OperatorAct = keyof typeof OPERATOR_ACTS;
/** The input of an act. */
export type OperatorInput<Act extends OperatorAct> = z.input<(typeof OPERATOR_ACTS)[Act]['input']>;
/** What an act answers. */
export type OperatorAnswer<Act extends OperatorAct> = Awaited<
  ReturnType<(typeof OPERATOR_ACTS)[Act]['perform']>
>;

/**
 * Carries out what the operator asks for, by the same use cases that the routes call.
 *
 * @throws DomainError as the use cases do, and `request.invalid` for an act or input that there is not.
 */
export async function performOperatorAct(
  container: Container,
  name: string,
  input: unknown,
): Promise<unknown> {
  if (!Object.hasOwn(OPERATOR_ACTS, name))
    throw new DomainError('request.invalid', `There is no act ${name}`);
  const act = OPERATOR_ACTS[name as OperatorAct] as OperatorActOf<unknown, unknown>;
  if (!container.isBound(act.needs)) {
    throw new DomainError('request.invalid', 'The service of this data folder does not keep that');
  }
  const read = act.input.safeParse(input);
  if (!read.success) {
    const { path = [], message = 'wrong input' } = read.error.issues[0] ?? {};
    throw new DomainError('request.invalid', [name, ...path.map(String)].join('.').concat(`: ${message}`));
  }
  return act.perform(container, read.data);
}
