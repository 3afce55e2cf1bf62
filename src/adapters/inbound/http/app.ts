import type { IncomingMessage } from 'node:http';
import Router from '@koa/router';
import Koa from 'koa';
import { Budget } from '../../../application/budget.ts';
import type { Authenticate } from '../../../application/identity/authenticate.ts';
import type { AuditTrail } from '../../../application/ports/audit-trail.ts';
import type { IdSource } from '../../../application/ports/id-source.ts';
import type { Log } from '../../../application/ports/log.ts';
import type { Metrics } from '../../../application/ports/metrics.ts';
import type { DomainError } from '../../../domain/domain-error.ts';
import type { Principal } from '../../../domain/identity/principal.ts';
import { Admission, type Admitted, NOBODY } from './admission.ts';
import { pageHeaders, protectBrowsers } from './browser-policy.ts';
import { ClientAddress } from './client-address.ts';
import { ConfidentialWay } from './confidential-way.ts';
import { allowOrigins, answerMetrics, type Edge, requireHost } from './edge.ts';
import { HttpRefusal, toProblem } from './problem.ts';
import { DEFAULT_MAX_BODY_BYTES, readJsonBody } from './read-body.ts';
import { recordRefusal } from './refused-requests.ts';
import { RequestOrigin } from './request-origin.ts';
import type { Route, RouteReply } from './route.ts';
import { SessionCookie } from './session-cookie.ts';
import { validate } from './validate.ts';

/** What the HTTP application is made of. */
export interface HttpAppParts {
  readonly routes: readonly Route[];
  readonly authenticate: Authenticate;
  readonly ids: IdSource;
  readonly log: Log;
  readonly metrics: Metrics;
  /** What each request may wait for stores until its answer begins; as long as it takes when absent. */
  readonly budget?: () => Budget;
  /** Where refusals of the door are recorded; a test of routes alone needs it not. */
  readonly audit?: AuditTrail;
  /** The cookie of browsers' logins; the one of a single host when absent. */
  readonly cookie?: SessionCookie;
  /** What stands before the routes; a test of routes alone needs none of it. */
  readonly edge?: Edge;
}

/** What one route is served with. */
interface Serving extends HttpAppParts {
  readonly addresses: ClientAddress;
  readonly way: ConfidentialWay;
  readonly admission: Admission;
}

/** Name of the response header that finds a request in the log. */
const REQUEST_ID_HEADER = 'X-Request-Id';

/** Builds the Koa application that serves routes, each behind its permission and its schemas. */
export function createHttpApp(parts: HttpAppParts): Koa {
  const app = new Koa();
  app.silent = true;
  app.use(answerErrors(parts));
  app.use(protectBrowsers(parts.edge?.https ?? false));
  if (parts.edge !== undefined) {
    app.use(requireHost(parts.edge.hosts));
    app.use(answerMetrics(parts.edge.metrics));
    app.use(allowOrigins(parts.edge.origins));
  }
  const { trustedProxies = [], privateNetwork = false } = parts.edge ?? {};
  const serving = {
    ...parts,
    addresses: new ClientAddress(trustedProxies),
    way: new ConfidentialWay({ trustedProxies, privateNetwork }),
    admission: new Admission({
      authenticate: parts.authenticate,
      cookie: parts.cookie ?? new SessionCookie(),
      origin: new RequestOrigin(parts.edge),
    }),
  };
  const router = new Router();
  for (const route of parts.routes) {
    router.register(route.path, [route.method], (context: Koa.Context) =>
      serveWatched(route, serving, context),
    );
  }
  app.use(router.routes());
  app.use((context) => refuseUnrouted(router, parts.routes, context));
  return app;
}

/** Gives every request its id, measures it, and turns whatever is thrown below into a problem. */
function answerErrors({ ids, log, metrics }: HttpAppParts): Koa.Middleware {
  return async (context, next) => {
    const requestId = ids.uuid();
    const startedAt = performance.now();
    context.state.requestId = requestId;
    context.set(REQUEST_ID_HEADER, requestId);
    try {
      await next();
    } catch (error) {
      const { problem, headers, unexpected } = toProblem(error, requestId);
      if (unexpected) log.error({ requestId, err: error }, 'request failed unexpectedly');
      else
        log.debug(
          { requestId, code: problem.code, internal: (error as DomainError).details?.internal },
          'request refused',
        );
      if (context.respond === false || context.headerSent) {
        context.res.destroy();
        return;
      }
      context.set(headers);
      context.status = problem.status;
      context.type = 'application/problem+json';
      const mirror = context.state.mirrorDetailAs as Route['mirrorDetailAs'];
      context.body = JSON.stringify(mirror ? { ...problem, [mirror]: problem.detail } : problem);
    }
    const route = String(context.state.route ?? 'none');
    const labels = { route, method: context.method, status: String(context.status) };
    metrics.observeSeconds('holdfast_http_request_seconds', (performance.now() - startedAt) / 1000, labels);
  };
}

/** Serves a request, and records a refusal that no use case records. */
async function serveWatched(route: Route, parts: Serving, context: Koa.Context): Promise<void> {
  try {
    await serve(route, parts, context);
  } catch (error) {
    if (parts.audit !== undefined)
      recordRefusal(parts.audit, error, {
        principal: context.state.principal as Principal | undefined,
        address: parts.addresses.of(context.req),
        route: `${route.method.toUpperCase()} ${route.path}`,
        requestId: String(context.state.requestId),
      });
    throw error;
  }
}

async function serve(route: Route, parts: Serving, context: Koa.Context): Promise<void> {
  context.state.route = route.path;
  if (context.method === 'HEAD' && streams(route)) {
    context.set('Allow', route.method.toUpperCase());
    throw new HttpRefusal(405, 'request.method', 'A stream has no HEAD');
  }
  context.state.mirrorDetailAs = route.mirrorDetailAs;
  if (route.confidential) parts.way.require(context.req);
  const budget = parts.budget?.() ?? Budget.unlimited();
  const before = await budget.spend(() => admitBeforeBody(route, parts, context.req));
  const gone = new AbortController();
  context.res.once('close', () => gone.abort(new Error('the client has gone')));
  const params = validate(route.params, context.params, 'path');
  const query = validate(route.query, context.query, 'query');
  const { admitted, body } = await readAdmitted(route, parts, context.req, before, budget);
  context.state.principal = admitted.principal;
  const request = {
    ...admitted,
    params,
    query,
    body,
    header: (name: string) => headerOf(context.req, name),
    requestId: String(context.state.requestId),
    address: parts.addresses.of(context.req),
    signal: gone.signal,
    budget,
  };
  const reply = await budget.spend(() => route.handle(request));
  if (route.pagePolicy !== undefined) context.set({ ...pageHeaders(route.pagePolicy) });
  if ('raw' in reply) {
    context.respond = false;
    await reply.raw(context.req, context.res);
    return;
  }
  send(context, reply);
}

/** Who asks, as far as that can be told before the body: where it may carry the credential, no other counts yet. */
async function admitBeforeBody(
  route: Route,
  { admission }: Serving,
  request: IncomingMessage,
): Promise<Admitted> {
  if (route.beginsCookie) return admission.admitToBegin(request);
  return route.credentialInBody ? NOBODY : admission.admit(route, request);
}

/**
 * The body, and who asks. A request whose body was still on its way is asked again once it is there: whoever holds his
 * body back would otherwise be served after his login had ended.
 */
async function readAdmitted(
  route: Route,
  { admission }: Serving,
  request: IncomingMessage,
  before: Admitted,
  budget: Budget,
): Promise<{ readonly admitted: Admitted; readonly body: unknown }> {
  if (route.body === undefined) return { admitted: before, body: undefined };
  const hadArrived = request.complete;
  const body = await readBody(route, request);
  const { credentialInBody } = route;
  const isInBody = typeof credentialInBody === 'function' ? credentialInBody(body) : credentialInBody;
  const isSettled = isInBody ?? hadArrived;
  return { admitted: isSettled ? before : await budget.spend(() => admission.admit(route, request)), body };
}

const streams = (route: Route): boolean =>
  Object.values(route.answers).some((answer) => answer.schema === 'event-stream');

function headerOf(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}

const isBodiless = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === 0;

async function readBody(route: Route, request: IncomingMessage): Promise<unknown> {
  if (isBodiless(request) && route.body?.safeParse(undefined).success) {
    return validate(route.body, undefined, 'body');
  }
  const body = await readJsonBody(request, route.maxBodyBytes ?? DEFAULT_MAX_BODY_BYTES, route.opaqueFields);
  return validate(route.body, withoutNulls(body), 'body', route.bodyRefusal);
}

/** A member that is null counts as left out: many clients write their absent fields so. */
function withoutNulls(body: unknown): unknown {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return body;
  return Object.fromEntries(Object.entries(body).filter(([, member]) => member !== null));
}

function send(context: Koa.Context, reply: RouteReply): void {
  if (reply.headers !== undefined) context.set({ ...reply.headers });
  context.status = reply.status;
  if (reply.body === undefined) context.body = null;
  else if (typeof reply.body === 'string') context.body = reply.body;
  else {
    context.type = 'application/json';
    context.body = JSON.stringify(reply.body);
  }
  if (reply.body === undefined) context.status = reply.status;
}

function refuseUnrouted(router: Router, routes: readonly Route[], context: Koa.Context): void {
  const matched = router.match(context.path, context.method).path;
  if (matched.length === 0) throw new HttpRefusal(404, 'request.no_route', 'There is nothing here');
  const allowed = [...new Set(matched.flatMap((layer) => layer.methods))].join(', ');
  context.set('Allow', allowed);
  context.state.mirrorDetailAs = routes.find(({ path }) => path === matched[0]?.path)?.mirrorDetailAs;
  if (context.method === 'OPTIONS') {
    context.status = 204;
    return;
  }
  throw new HttpRefusal(405, 'request.method', `This address answers ${allowed}`);
}
