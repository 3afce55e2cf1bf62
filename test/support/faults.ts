import { expect } from 'chai';
import { PortError, type PortErrorKind } from '../../src/application/ports/port-error.ts';

/** Expects a promise to fail as a port does, with exactly this kind. */
export async function expectFault(promise: Promise<unknown>, kind: PortErrorKind): Promise<PortError> {
  const outcome = await promise.then(
    () => 'no fault',
    (error: unknown) => error,
  );
  expect(outcome).to.be.instanceOf(PortError);
  const fault = outcome as PortError;
  expect(fault.kind).to.equal(kind);
  return fault;
}
