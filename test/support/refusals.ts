import { expect } from 'chai';
import { DomainError, type DomainErrorCode } from '../../src/domain/domain-error.ts';

/** Expects a promise to be refused by the domain with exactly this code, and gives the refusal. */
export async function expectRefusal(promise: Promise<unknown>, code: DomainErrorCode): Promise<DomainError> {
  let refusal: unknown;
  try {
    await promise;
  } catch (error) {
    refusal = error;
  }
  expect(refusal).to.be.instanceOf(DomainError);
  expect((refusal as DomainError).code).to.equal(code);
  return refusal as DomainError;
}

/** Expects a promise to be refused by the domain with one of these codes. */
export async function expectRefusalAmong(
  promise: Promise<unknown>,
  codes: readonly DomainErrorCode[],
): Promise<void> {
  const refusal = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(refusal).to.be.instanceOf(DomainError);
  expect((refusal as DomainError).code).to.be.oneOf([...codes]);
}

/** Expects a function to be refused by the domain with exactly this code. */
export function expectThrown(run: () => unknown, code: DomainErrorCode): void {
  let refusal: unknown;
  try {
    run();
  } catch (error) {
    refusal = error;
  }
  expect(refusal).to.be.instanceOf(DomainError);
  expect((refusal as DomainError).code).to.equal(code);
}

/** The code by which the domain refuses something; undefined when it does not. */
export async function codeOf(act: () => Promise<unknown>): Promise<DomainErrorCode | undefined> {
  try {
    await act();
    return undefined;
  } catch (error) {
    if (error instanceof DomainError) return error.code;
    throw error;
  }
}
