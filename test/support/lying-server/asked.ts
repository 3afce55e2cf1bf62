import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Lie } from './lies.ts';
import type { MemoryState, MemoryUser } from './memory-state.ts';

/** A request as the routes see it. */
export interface Asked {
  readonly state: MemoryState;
  /** True when the server tells this lie. */
  lies(lie: Lie): boolean;
  readonly user: MemoryUser;
  readonly params: readonly string[];
  readonly body: Record<string, unknown>;
  readonly bodyText: string;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** What a route answers; undefined when it has written to the response itself. */
export interface Told {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly headers?: Record<string, string>;
}

/** A route: `METHOD /path/with/(groups)`. */
export type MemoryRoute = readonly [pattern: RegExp, handle: (asked: Asked) => Told | undefined];

/** A refusal as a problem document. */
export const problem = (status: number, code: string, detail: string): Told => ({
  status,
  body: { type: 'about:blank', title: code, status, code, detail, message: detail, requestId: randomUUID() },
});
