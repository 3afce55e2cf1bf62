import 'reflect-metadata';
import { Container } from 'inversify';
import { SessionCookie } from '../adapters/inbound/http/session-cookie.ts';
import type { Clock } from '../application/ports/clock.ts';
import type { ServiceKeys } from '../application/ports/identity/service-keys.ts';
import type { Log } from '../application/ports/log.ts';
import type { Metrics } from '../application/ports/metrics.ts';
import { invariant } from '../domain/invariant.ts';
import type { Config } from './config.ts';
import { bindAccounting, bindHttpCreditHolds, bindLocalCreditHolds } from './modules/accounting.ts';
import { bindAlerts } from './modules/alerts.ts';
import { bindControl } from './modules/control.ts';
import { bindControlHttp } from './modules/control-http.ts';
import { bindHearing, bindNode, bindNodesOfChat } from './modules/fleet.ts';
import { bindIdentity, bindStreamsElsewhere } from './modules/identity.ts';
import { bindModels } from './modules/models.ts';
import { bindMultiplexing } from './modules/multiplexing.ts';
import { bindOperations } from './modules/operations.ts';
import { bindRemoteIdentity } from './modules/remote-identity.ts';
import { bindStreaming } from './modules/streaming.ts';
import { bindBudgets, bindSystem } from './modules/system.ts';
import type { ServiceName } from './service-name.ts';
import { SESSION_COOKIE } from './tokens.ts';

/** Composes the services that run in this process, each with the others in the process or over HTTP. Stores are bound apart. */
export function composeServices(
  config: Config,
  running: readonly ServiceName[],
  given: {
    readonly clock: Clock;
    readonly log: Log;
    readonly metrics: Metrics;
    readonly serviceKeys: ServiceKeys & { readonly current: string };
  },
): Container {
  const container = new Container({ defaultScope: 'Singleton' });
  bindSystem(container, given);
  bindBudgets(container, config.requestBudget);
  bindNode(container, config['fleet.lease']);
  bindHearing(container, config['fleet.lease']);
  container.bind(SESSION_COOKIE).toConstantValue(new SessionCookie({ domain: config['cookie.domain'] }));
  bindModels(container, config);
  const serviceKey = given.serviceKeys.current;
  if (running.includes('auth')) {
    bindIdentity(container, {
      accessTokenLifeMs: config['tokens.access'],
      loginLifeMs: config['tokens.refresh'],
      idleMs: config['sessions.idle'],
      absoluteMs: config['sessions.absolute'],
      demo: config.demo,
      throttle: {
        accountFailures: config['login.accountFailures'],
        networkFailures: config['login.networkFailures'],
        networkSignUps: config['login.networkSignUps'],
      },
    });
  } else {
    bindRemoteIdentity(container, {
      authUrl: required(config.authUrl, 'authUrl'),
      serviceKey,
      idleMs: config['sessions.idle'],
    });
  }
  if (running.includes('accounting')) {
    bindAccounting(container, { capOutputTokens: config['streams.maxOutputTokens'] });
    bindLocalCreditHolds(container);
  } else if (running.includes('chat')) {
    bindHttpCreditHolds(container, {
      accountingUrl: required(config.accountingUrl, 'accountingUrl'),
      serviceKey,
    });
  }
  if (running.includes('chat')) {
    bindAlerts(container, config);
    bindMultiplexing(container, config);
    bindOperations(container);
    bindNodesOfChat(container, config['fleet.lease']);
    bindControlHttp(container, config);
    bindControl(container, config);
    bindStreaming(container, {
      readerlessDeadlineMs: config['streams.deadline'],
      maxDurationMs: config['streams.maximum'],
      retentionMs: config['streams.retention'],
      storeStallMs: config['streams.stall'],
      maxReaders: config['streams.readers'],
      maxRunningPerUser: config['streams.runningPerUser'],
      keepaliveMs: config['streams.keepalive'],
    });
  } else {
    bindStreamsElsewhere(container);
  }
  return container;
}

/** The configuration's rules have seen to it that a service alone knows where the others are. */
function required(url: URL | undefined, key: string): URL {
  invariant(url !== undefined, `${key} is missing`);
  return url;
}
