import type { ApiClient } from '../client/api-client.ts';
import type { CommandIo } from '../client/command-io.ts';
import type { Json } from '../client/json.ts';
import type { Actor } from './actor.ts';
import type { Verification } from './verification.ts';

/** What every group of promises works with. */
export interface World {
  readonly io: CommandIo;
  /** A client that speaks for nobody. */
  readonly client: ApiClient;
  readonly verification: Verification;
  /** Tells this run's names from those of other runs. */
  readonly runId: string;
}

/** The two who are named on the command line. */
export interface People {
  readonly user: Actor;
  readonly admin: Actor;
}

/** What the first steps of the flow left for the others. */
export interface Stage extends People {
  readonly chatId: string;
  /** What the user's other streams held when we came, in micro-credits. */
  readonly heldBefore: number;
  readonly models: readonly Json[];
}

/** The question that every stream is asked. */
export const QUESTION = 'What is a streaming session, and who may finish it?';
