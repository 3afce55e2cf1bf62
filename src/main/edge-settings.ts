import type { Edge } from '../adapters/inbound/http/edge.ts';
import type { PromMetrics } from '../adapters/outbound/system/prom-metrics.ts';
import { isLoopback, LOOPBACK_NAMES } from './configuration/network-address.ts';
import type { Settings } from './configuration/settings.ts';
import { readMetricsToken } from './secret-files.ts';

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
    https: settings['tls.cert'] !== undefined || publicUrl.some((url) => url.protocol === 'https:'),
    metrics: {
      text: () => metrics.text(),
      contentType: metrics.contentType,
      token:
        settings.metricsTokenFile === undefined ? undefined : readMetricsToken(settings.metricsTokenFile),
    },
  };
}
