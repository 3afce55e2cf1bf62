/** Thrown when the program itself is wrong; it never describes a caller's mistake. */
export class InvariantViolation extends Error {
  override readonly name = 'InvariantViolation';
}

/**
 * Asserts what must be true if the program is right.
 *
 * @throws InvariantViolation when `condition` is false.
 */
export function invariant(condition: boolean, explanation: string): asserts condition {
  if (!condition) throw new InvariantViolation(explanation);
}
