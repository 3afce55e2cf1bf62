import type { IncomingMessage, ServerResponse } from 'node:http';
import type { z } from 'zod';
import type { Budget } from '../../../application/budget.ts';
import type { DomainErrorCode } from '../../../domain/domain-error.ts';
import type { Permission } from '../../../domain/identity/permission.ts';
import type { Principal } from '../../../domain/identity/principal.ts';
import type { ContentPolicy } from './browser-policy.ts';

/** A request whose credential, parameters and body have been checked. */
export interface RouteRequest<Params, Query, Body> {
  /** Undefined only on `public` routes that came without a credential. */
  readonly principal: Principal | undefined;
  /** The secret of the cookie by which he came, or, where a login by cookie begins, which his browser brings. */
  readonly cookie: string | undefined;
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  /** A header by its lower-case name, also an empty one; of a repeated one the joined text. */
  header(name: string): string | undefined;
  readonly requestId: string;
  /** The peer's address, as the proxy settings understand it. */
  readonly address: string;
  /** Aborts when the client has gone. */
  readonly signal: AbortSignal;
  /** How long the client waits for an answer to begin: spent, he has been refused. */
  readonly budget: Budget;
}

/** What a route answers. `body` is sent as JSON when it is no string; `undefined` sends none. */
export interface RouteReply {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A reply that writes to the socket itself, such as an event stream. It must end the response. */
export interface RawReply {
  readonly raw: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
}

/** The media types of answers that are no JSON. */
export const MEDIA_TYPES = {
  'event-stream': 'text/event-stream',
  text: 'text/plain',
  html: 'text/html',
  any: '*/*',
} as const;

/** How the documentation describes one possible success. */
export interface AnswerContract {
  readonly description: string;
  /** The JSON body's schema; `event-stream`, `text`, `html` and `any` for what is no JSON; undefined for no body. */
  readonly schema?: z.ZodType | keyof typeof MEDIA_TYPES;
}

/** One route with everything that documentation, permission tests and the server itself need to know of it. */
export interface RouteContract<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType> {
  readonly method: 'get' | 'post' | 'patch' | 'delete' | 'put';
  /** Path with `:name` parameters. */
  readonly path: string;
  /** Unique, for the OpenAPI document. */
  readonly operationId: string;
  readonly summary: string;
  readonly permission: Permission;
  /** The body carries the credential that decides, or does when this says so: whatever lies beside it counts as none. */
  readonly credentialInBody?: true | ((body: z.output<B>) => boolean);
  /** Begins a login by cookie: closed to pages of other sites. */
  readonly beginsCookie?: true;
  /** Takes or hands out a password, a token or a cookie: refused on a way that others can read. */
  readonly confidential?: true;
  /** What the answer may do in a browser, for a page and the scripts of its workers; absent: nothing at all. */
  readonly pagePolicy?: ContentPolicy;
  /** Answers also a person whose password the server chose and who has not changed it yet. */
  readonly beforePasswordChange?: true;
  /** A member of the error body that repeats `detail`, for older clients. */
  readonly mirrorDetailAs?: 'error';
  readonly params?: P;
  readonly query?: Q;
  /** Absent: the route takes no body and ignores one. One that accepts undefined may be left out. */
  readonly body?: B;
  /** What a faulty body is told in place of the first fault, where older clients know one sentence. */
  readonly bodyRefusal?: string;
  /** Fields of the body that no rule but the route's own looks at, so that what is refused first stays its choice. */
  readonly opaqueFields?: readonly string[];
  /** Largest body, in bytes; 256 KiB unless said. */
  readonly maxBodyBytes?: number;
  readonly answers: Readonly<Record<number, AnswerContract>>;
  /** The refusals that are particular to the route. */
  readonly refusals?: readonly DomainErrorCode[];
  handle(request: RouteRequest<z.output<P>, z.output<Q>, z.output<B>>): Promise<RouteReply | RawReply>;
}

/** A route of any shape, as lists hold it. */
export interface Route
  extends Omit<RouteContract<z.ZodType, z.ZodType, z.ZodType>, 'handle' | 'credentialInBody'> {
  readonly credentialInBody?: true | ((body: unknown) => boolean);
  handle(request: RouteRequest<unknown, unknown, unknown>): Promise<RouteReply | RawReply>;
}

/** Declares a route; inference ties the handler to its schemas. */
export function defineRoute<
  P extends z.ZodType = z.ZodUndefined,
  Q extends z.ZodType = z.ZodUndefined,
  B extends z.ZodType = z.ZodUndefined,
>(contract: RouteContract<P, Q, B>): Route {
  return contract as unknown as Route;
}
