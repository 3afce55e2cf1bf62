import { readFileSync } from 'node:fs';
import type { Edge } from '../adapters/inbound/http/edge.ts';
import type { PromMetrics } from '../adapters/outbound/system/prom-metrics.ts';
import { isLoopback, LOOPBACK_NAMES } from './configuration/network-address.ts';
import type { Settings } from './configuration/settings.ts';
import { OperatorError } from './operator-error.ts';

/** Shortest token for /metrics, in characters. */
const MIN_METRICS_TOKEN_CHARACTERS = 16;

/** What stands before the routes of every service, as the settings want it. */
export function edgeOf(settings: Settings, metrics: PromMetrics): Edge {
  const { publicUrl, host, trustedProxy } = settings;
  const hosts = new Set([
    ...(isLoopback(host) ? [...LOOPBACK_NAMES, host] : []),
    ...publicUrl.map((url) => url.hostname),
  ]);
  return {
    hosts,
    origins: new Set(publicUrl.map((url) => url.origin)),
    trustedProxies: trustedProxy,
    privateNetwork: settings.privateNetwork,
    https: publicUrl.some((url) => url.protocol === 'https:'),
    metrics: {
      text: () => metrics.text(),
      contentType: metrics.contentType,
      token: settings.metricsTokenFile === undefined ? undefined : readToken(settings.metricsTokenFile),
    },
  };
}

function readToken(path: string): string {
  let token: string;
  try {
    token = readFileSync(path, 'utf8').trim();
  } catch (error) {
    throw new OperatorError(2, `metricsTokenFile: ${path} cannot be read.`, { cause: error });
  }
  if (token.length < MIN_METRICS_TOKEN_CHARACTERS) {
    throw new OperatorError(
      2,
      `metricsTokenFile: the token in ${path} needs at least ${MIN_METRICS_TOKEN_CHARACTERS} characters.`,
    );
  }
  return token;
}
