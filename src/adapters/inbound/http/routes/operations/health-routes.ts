import { z } from 'zod';
import type { Clock } from '../../../../../application/ports/clock.ts';
import { defineRoute, type Route, type RouteReply } from '../../route.ts';

/** Something that a service works with. */
export interface Dependency {
  readonly name: string;
  /** Whether the service cannot work without it; without other things it works worse. */
  readonly isNeeded: boolean;
  /** Resolves when it can be used; rejects or takes too long when not. */
  check(signal: AbortSignal): Promise<void>;
}

/** Longest wait for one dependency's answer, in milliseconds. */
const CHECK_TIMEOUT_MS = 2_000;

const HEALTH = z.object({
  status: z.literal('ok'),
  service: z.string(),
  version: z.string(),
  timestamp: z.iso.datetime(),
});
const LIVENESS = z.object({ status: z.literal('ok'), service: z.string() });
const READINESS = z.object({
  status: z.enum(['ok', 'degraded']),
  service: z.string(),
  missing: z.array(z.string()).optional(),
});
const NOT_READY = z.object({ status: z.literal('unavailable'), service: z.string(), dependency: z.string() });

/** The routes by which a supervisor of processes learns how a service is. */
export function healthRoutes(parts: {
  readonly service: string;
  readonly version: string;
  readonly clock: Clock;
  readonly dependencies: readonly Dependency[];
}): Route[] {
  const { service, version, clock, dependencies } = parts;
  const health = (path: string, operationId: string): Route =>
    defineRoute({
      method: 'get',
      path,
      operationId,
      summary: 'Tells that the service runs',
      permission: 'public',
      answers: { 200: { description: 'It runs', schema: HEALTH } },
      handle: async () => ({
        status: 200,
        body: { status: 'ok', service, version, timestamp: new Date(clock.nowMs()).toISOString() },
      }),
    });
  return [
    health('/health', 'health'),
    health('/api/health', 'apiHealth'),
    defineRoute({
      method: 'get',
      path: '/health/live',
      operationId: 'healthLive',
      summary: 'Tells that the process answers',
      permission: 'public',
      answers: { 200: { description: 'It answers', schema: LIVENESS } },
      handle: async () => ({ status: 200, body: { status: 'ok', service } }),
    }),
    defineRoute({
      method: 'get',
      path: '/health/ready',
      operationId: 'healthReady',
      summary: 'Tells whether everything that the service needs can be used',
      permission: 'public',
      answers: {
        200: {
          description: 'It can work; degraded when something is missing that it works worse without',
          schema: READINESS,
        },
        503: { description: 'It cannot work; names the first dependency that fails', schema: NOT_READY },
      },
      handle: () => readiness(service, dependencies),
    }),
  ];
}

async function readiness(service: string, dependencies: readonly Dependency[]): Promise<RouteReply> {
  const outcomes = await Promise.all(dependencies.map(isUsable));
  const missing = dependencies.filter((_, at) => outcomes[at] === false);
  const failing = missing.find(({ isNeeded }) => isNeeded);
  if (failing === undefined) {
    if (missing.length === 0) return { status: 200, body: { status: 'ok', service } };
    const names = missing.map(({ name }) => name);
    return { status: 200, body: { status: 'degraded', service, missing: names } };
  }
  return {
    status: 503,
    headers: { 'Retry-After': '1' },
    body: { status: 'unavailable', service, dependency: failing.name },
  };
}

async function isUsable(dependency: Dependency): Promise<boolean> {
  const signal = AbortSignal.timeout(CHECK_TIMEOUT_MS);
  const tooLate = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  try {
    await Promise.race([dependency.check(signal), tooLate]);
    return true;
  } catch {
    return false;
  }
}
