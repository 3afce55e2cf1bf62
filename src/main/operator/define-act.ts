import type { Container, ServiceIdentifier } from 'inversify';
import type { z } from 'zod';

/** Something that the operator of this machine may ask for. */
export interface OperatorActOf<Input, Answer> {
  /** The form of what is asked. */
  readonly input: z.ZodType<Input>;
  /** What carries it out; a process that has not bound it keeps other data than the act is about. */
  readonly needs: ServiceIdentifier;
  perform(container: Container, input: Input): Promise<Answer>;
}

/** Declares an act; inference ties what it does to the form of its input. */
export const defineAct = <Input, Answer>(act: OperatorActOf<Input, Answer>): OperatorActOf<Input, Answer> =>
  act;
