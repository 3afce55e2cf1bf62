/** What went wrong beyond a port. `timeout` means that the outcome is unknown. */
export type PortErrorKind = 'unavailable' | 'conflict' | 'timeout';

/** A store or service beyond a port did not do what was asked. */
export class PortError extends Error {
  override readonly name = 'PortError';
  readonly kind: PortErrorKind;
  /** The name of what failed, such as `store` or `accounting`. */
  readonly dependency: string;

  constructor(kind: PortErrorKind, dependency: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
    this.dependency = dependency;
  }
}
