/** Something that the operator has to put right; the message is one sentence for him. */
export class OperatorError extends Error {
  override readonly name = 'OperatorError';
  /** The exit code that the command ends with: 1 the answer is no, 2 wrong usage, 3 out of reach. */
  readonly exitCode: 1 | 2 | 3;

  constructor(exitCode: 1 | 2 | 3, message: string, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}
