import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import cors from '@koa/cors';
import type Koa from 'koa';
import { isDirectLoopback } from './client-address.ts';
import type { Way } from './confidential-way.ts';
import { HttpRefusal } from './problem.ts';

/** What stands between the network and the routes. */
export interface Edge extends Way {
  /** Host names that a request may be addressed to, in lower case, IPv6 in brackets. */
  readonly hosts: ReadonlySet<string>;
  /** Origins that a browser may call from, exactly as `Origin` writes them. */
  readonly origins: ReadonlySet<string>;
  /** Whether callers reach the server by https, so that browsers may be told to insist on it. */
  readonly https: boolean;
  readonly metrics: MetricsSource;
}

/** The process's metrics, and who may read them. */
export interface MetricsSource {
  /** The metrics in the text format that `contentType` names. */
  text(): Promise<string>;
  readonly contentType: string;
  /** What a reader presents as a bearer; without one only direct loopback peers may read. */
  readonly token: string | undefined;
}

/** Paths that answer whatever name the request is addressed to: probes know addresses, not names. */
const NAMELESS_PATHS: ReadonlySet<string> = new Set([
  '/health',
  '/health/live',
  '/health/ready',
  '/api/health',
  '/metrics',
]);
/** How long a browser may remember what another origin is allowed, in seconds. */
const PREFLIGHT_MAX_AGE_SECONDS = 600;

/** Refuses requests that are addressed to another name: a name that an attacker rebound must not become same-origin. */
export function requireHost(hosts: ReadonlySet<string>): Koa.Middleware {
  return (context, next) => {
    if (!NAMELESS_PATHS.has(context.path)) requireName(hosts, context.req);
    return next();
  };
}

/**
 * Every name that a request gives must be one of the server's: two `Host` headers, or a whole URL as the target beside
 * `Host`, let a proxy before the server and the server itself read different ones (RFC 9112, section 3.2).
 *
 * @throws HttpRefusal 421 `request.host` when a request is addressed to another name, to several, or to none.
 */
export function requireName(
  hosts: ReadonlySet<string>,
  { headersDistinct, url = '' }: IncomingMessage,
): void {
  const [given, ...more] = headersDistinct.host ?? [];
  const [, authority] = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(url) ?? [];
  const isOurs = (text = ''): boolean => {
    const [, name] = /^(\[[0-9a-f:.]+\]|[^:\s]+)(?::[0-9]{1,5})?$/i.exec(text) ?? [];
    return name !== undefined && hosts.has(name.toLowerCase());
  };
  if (more.length === 0 && isOurs(given) && (authority === undefined || isOurs(authority))) return;
  throw new HttpRefusal(421, 'request.host', 'This server does not answer to that name');
}

/** Tells browsers of the allowed origins that they may call; never reflects an origin that is not in the list. */
export function allowOrigins(origins: ReadonlySet<string>): Koa.Middleware {
  return cors({
    origin: (context) => {
      const origin = context.get('Origin');
      return origins.has(origin) ? origin : '';
    },
    allowMethods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
    allowHeaders: ['Authorization', 'Content-Type', 'Idempotency-Key', 'Last-Event-ID', 'X-CSRF-Token'],
    exposeHeaders: ['X-Streaming-Session-Id', 'X-Request-Id', 'Retry-After'],
    maxAge: PREFLIGHT_MAX_AGE_SECONDS,
  });
}

/** Answers `GET /metrics`, apart from the routes because its credential is no person's and no service's. */
export function answerMetrics(source: MetricsSource): Koa.Middleware {
  return async (context, next) => {
    if (context.path !== '/metrics' || (context.method !== 'GET' && context.method !== 'HEAD')) return next();
    context.state.route = '/metrics';
    if (!mayRead(source.token, context)) {
      const needed = source.token === undefined ? 'answers this machine alone' : 'asks for its token';
      throw new HttpRefusal(source.token === undefined ? 403 : 401, 'metrics.refused', `/metrics ${needed}`);
    }
    context.set('Content-Type', source.contentType);
    context.body = await source.text();
  };
}

function mayRead(token: string | undefined, context: Koa.Context): boolean {
  if (token === undefined) return isDirectLoopback(context.req);
  const presented = /^Bearer (.{1,1024})$/i.exec(context.get('Authorization'))?.[1] ?? '';
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(presented), digest(token));
}
