/** Thrown when the program itself is wrong; it never describes a caller's mistake. */
export class InvariantViolation extends Error {
  override readonly name = 'InvariantViolation';
}

/**
 * Asserts what must be true if the program is right. `found`: what was there instead, told behind the explanation; given
 * apart, so that nothing is put into words where all is well, which every frame would pay for.
 *
 * @throws InvariantViolation when `condition` is false.
 */
export function invariant(condition: boolean, explanation: string, found?: number): asserts condition {
  if (!condition)
    throw new InvariantViolation(found === undefined ? explanation : `${explanation}: ${found}`);
}
