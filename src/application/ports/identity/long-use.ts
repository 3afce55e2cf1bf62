import type { LoginSessionId } from '../../../domain/identity/ids.ts';

/** Keeps the logins that whoever serves for longer than a request knows to be in use from ending idle. */
export interface LongUse {
  /** How often a use that goes on has to be told, in milliseconds. */
  readonly intervalMs: number;
  /** Tells that a login is in use. False when it has ended; a store or service that is out of reach ends nobody's. */
  tell(id: LoginSessionId): Promise<boolean>;
}
