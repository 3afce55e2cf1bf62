import { PortError } from '../../../application/ports/port-error.ts';
import { DomainError } from '../../../domain/domain-error.ts';
import { InvariantViolation } from '../../../domain/invariant.ts';
import type { Durability } from './operation.ts';
import type { WriteRequest, WriteResult } from './writer-messages.ts';

/**
 * What a write needs. `essential`: it must succeed on a full disk, because it ends a stream or closes a hold. `patient`:
 * it comes with many of its kind, and waits a moment for them to share its transaction.
 */
export type WriteNeed = 'ordinary' | 'essential' | 'patient';

/** A write that waits for its transaction, or for what became of it. */
export interface WaitingWrite {
  readonly operation: string;
  readonly input: () => unknown;
  readonly durability: Durability;
  readonly need: WriteNeed;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** The write as it goes to the writer's thread. */
export const requestOf = ({
  operation,
  input,
  need,
}: Pick<WaitingWrite, 'operation' | 'input' | 'need'>): WriteRequest => ({
  operation,
  input: input(),
  essential: need === 'essential',
});

/** Tells whoever waits what became of his write. */
export function answer(write: WaitingWrite, result: WriteResult | undefined): void {
  if (result?.kind === 'done') write.resolve(result.value);
  else write.reject(refusalOf(write.operation, result));
}

function refusalOf(operation: string, result: Exclude<WriteResult, { kind: 'done' }> | undefined): Error {
  if (result === undefined) return new InvariantViolation(`${operation}: the writer gave no answer`);
  if (result.kind === 'refused') return new DomainError(result.code, result.message, result.details);
  if (result.kind === 'fault') return unavailable(result.message);
  return new InvariantViolation(`${operation}: ${result.message}`, { cause: result.stack });
}

/** Nothing was written. */
export const unavailable = (message: string, cause?: unknown): PortError =>
  new PortError('unavailable', 'store', message, cause === undefined ? undefined : { cause });
