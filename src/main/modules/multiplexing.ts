import type { Container } from 'inversify';
import { controlKind } from '../../adapters/inbound/control/mux-kind.ts';
import { ClientAddress } from '../../adapters/inbound/http/client-address.ts';
import { networkOf } from '../../adapters/inbound/http/network-of.ts';
import { toProblem } from '../../adapters/inbound/http/problem.ts';
import { Connections } from '../../adapters/inbound/ws/mux/connections.ts';
import { chatKind } from '../../adapters/inbound/ws/mux/kinds/chat.ts';
import { ECHO } from '../../adapters/inbound/ws/mux/kinds/echo.ts';
import type { Kind } from '../../adapters/inbound/ws/mux/kinds/kind.ts';
import { observeKind } from '../../adapters/inbound/ws/mux/kinds/observe.ts';
import type { MuxLimits } from '../../adapters/inbound/ws/mux/mux-limits.ts';
import { muxRoute } from '../../adapters/inbound/ws/mux/mux-route.ts';
import { OpenRates } from '../../adapters/inbound/ws/mux/open-rates.ts';
import { OpenSessions } from '../../adapters/inbound/ws/mux/open-sessions.ts';
import { ReplayBudget } from '../../adapters/inbound/ws/mux/replay-budget.ts';
import { ChangeTurns } from '../../application/multiplexing/change-turns.ts';
import { ClaimSubscription } from '../../application/multiplexing/claim-subscription.ts';
import { ConfirmSubscription } from '../../application/multiplexing/confirm-subscription.ts';
import { EndSubscription } from '../../application/multiplexing/end-subscription.ts';
import { KeepSubscriptions, SWEEP_TURN_MS } from '../../application/multiplexing/keep-subscriptions.ts';
import { KnownSubscribers } from '../../application/multiplexing/known-subscribers.ts';
import { LeaveSubscription } from '../../application/multiplexing/leave-subscription.ts';
import { LeaveSubscriptions } from '../../application/multiplexing/leave-subscriptions.ts';
import { NoteBreach } from '../../application/multiplexing/note-breach.ts';
import { ResumeSubscription } from '../../application/multiplexing/resume-subscription.ts';
import { SweepSubscriptions } from '../../application/multiplexing/sweep-subscriptions.ts';
import { WatchOwnSubscriptions } from '../../application/multiplexing/watch-own-subscriptions.ts';
import { WithdrawClaims } from '../../application/multiplexing/withdraw-claims.ts';
import type { Log } from '../../application/ports/log.ts';
import { findChat } from '../../application/streaming/chats/find-chat.ts';
import type { Rate } from '../../domain/multiplexing/token-bucket.ts';
import type { Config } from '../config.ts';
import { WATCHMAN } from '../tokens/alerts.ts';
import { AGENT_SERVICES } from '../tokens/control.ts';
import { FLEET_BUS, NODE_LEASES, THIS_NODE, TURNS } from '../tokens/fleet.ts';
import { AUTHENTICATE, LONG_USE } from '../tokens/identity.ts';
import * as mux from '../tokens/multiplexing.ts';
import * as streaming from '../tokens/streaming.ts';
import {
  ATTEMPT_COUNTERS,
  AUDIT,
  BUDGETS,
  CHATS,
  CLOCK,
  DIGEST,
  IDS,
  LOG,
  LOGIN_ENDS,
  METRICS,
  SESSION_STATUS,
  SOCKET_ROUTES,
  TIMERS,
} from '../tokens.ts';

/** The time that the setting of replayed bytes is for, in milliseconds. */
const REPLAY_PER_MS = 60_000;

/** Binds multiplexed connections over the directory and the kinds that the container has. */
export function bindMultiplexing(container: Container, config: Config): void {
  const limits = limitsOf(config);
  bindKinds(container, config);
  bindConnections(container, limits, config['websocket.multiplexing.sessionLease']);
  container
    .bind(mux.CHANGE_TURNS)
    .toResolvedValue((clock, timers, ids) => new ChangeTurns({ clock, timers, ids }), [CLOCK, TIMERS, IDS])
    .inSingletonScope();
  container.bind(mux.KEEP_SUBSCRIPTIONS).toResolvedValue(
    (directory, clock, ids, leases, turns, timers, log, changeTurns) =>
      new KeepSubscriptions({
        sweep: new SweepSubscriptions({ directory, clock, ids, turns: changeTurns }),
        leases,
        turn: turns('subscriptions', SWEEP_TURN_MS),
        timers,
        log,
      }),
    [mux.SUBSCRIBERS, CLOCK, IDS, NODE_LEASES, TURNS, TIMERS, LOG, mux.CHANGE_TURNS],
  );
  container
    .bind(mux.WATCH_OWN_SUBSCRIPTIONS)
    .toResolvedValue(
      (bus, node, open, directory, timers, log) =>
        new WatchOwnSubscriptions({ bus, node, open, directory, timers, log }),
      [FLEET_BUS, THIS_NODE, mux.CONNECTIONS, mux.SUBSCRIBERS, TIMERS, LOG],
    );
  container
    .bind(mux.NOTE_BREACH)
    .toResolvedValue(
      (audit, watchman, clock, timers) => new NoteBreach({ audit, watchman, clock, timers }),
      [AUDIT, WATCHMAN, CLOCK, TIMERS],
    )
    .inSingletonScope();
  const address = new ClientAddress(config.trustedProxy);
  const { tokens: limit, perMs: windowMs } = config['websocket.multiplexing.connectionAttempts'];
  container.bind(SOCKET_ROUTES).toResolvedValue(
    (connections, counters) => [
      muxRoute({
        connections,
        attempts: counters.open({ name: 'mux-connections', limit, windowMs }),
        networkOf: (request) => networkOf(address.of(request)),
      }),
    ],
    [mux.CONNECTIONS, ATTEMPT_COUNTERS],
  );
}

function bindKinds(container: Container, config: Config): void {
  const problem = (log: Log) => (error: unknown, requestId: string) => {
    const { problem: body, unexpected } = toProblem(error, requestId);
    if (unexpected) log.error({ err: error, requestId }, 'a request within a session failed');
    return { status: body.status, body };
  };
  container.bind(mux.MUX_KINDS).toDynamicValue(({ get }): readonly Kind[] => [
    chatKind({
      findChat: (owner, chatId) => findChat(get(CHATS), owner, chatId),
      openStream: get(streaming.OPEN_STREAM),
      followStream: get(streaming.FOLLOW_STREAM),
      stopStream: get(streaming.STOP_STREAM),
      acceptUpdate: get(streaming.ACCEPT_UPDATE),
      timers: get(TIMERS),
      budget: get(BUDGETS),
      problem: problem(get(LOG)),
    }),
    observeKind(get(streaming.OBSERVE_STREAM)),
    controlKind({ services: () => get(AGENT_SERVICES), ids: get(IDS) }),
    ...(config['websocket.multiplexing.echo'] ? [ECHO] : []),
  ]);
}

function bindConnections(container: Container, limits: MuxLimits, leaseMs: number): void {
  container
    .bind(mux.CONNECTIONS)
    .toDynamicValue(({ get }) => {
      const clock = get(CLOCK);
      const directory = get(mux.SUBSCRIBERS);
      const known = new KnownSubscribers();
      const turns = get(mux.CHANGE_TURNS);
      const deps = { directory, clock, ids: get(IDS), digest: get(DIGEST), known, turns };
      const withdraw = new WithdrawClaims({ ...deps, timers: get(TIMERS), log: get(LOG) });
      const hearers = { audit: get(AUDIT), watchman: get(WATCHMAN), metrics: get(METRICS) };
      const audited = { ...deps, ...hearers, withdraw };
      const rates = new OpenRates(limits);
      const leave = new LeaveSubscription(deps);
      const end = new EndSubscription(deps);
      const opens = new OpenSessions({
        kinds: new Map(get(mux.MUX_KINDS).map((kind) => [kind.name, kind])),
        claim: new ClaimSubscription({ ...audited, leaseMs }),
        resume: new ResumeSubscription(audited),
        leave,
        end,
        withdraw,
        node: get(THIS_NODE),
        ids: deps.ids,
        limits,
        replay: new ReplayBudget(limits.replayRate, { clock, timers: get(TIMERS) }),
        onMoved: (id, epoch) => get(FLEET_BUS).tellMoved(id, epoch),
      });
      return new Connections({
        limits,
        opens,
        rates,
        confirm: new ConfirmSubscription(deps),
        leaveAll: new LeaveSubscriptions(deps),
        end,
        authenticate: get(AUTHENTICATE),
        sessions: get(SESSION_STATUS),
        loginEnds: get(LOGIN_ENDS),
        use: get(LONG_USE),
        clock,
        timers: get(TIMERS),
        ids: deps.ids,
        log: get(LOG),
        breaches: get(mux.NOTE_BREACH),
        metrics: get(METRICS),
        budget: get(BUDGETS),
      });
    })
    .inSingletonScope();
}

function limitsOf(config: Config): MuxLimits {
  const withBurst = (rate: Omit<Rate, 'burst'>, burst: number): Rate => ({ ...rate, burst });
  const connectionRate = config['websocket.multiplexing.rateLimitPerConnection'];
  return {
    maxSessionsPerConnection: config['websocket.multiplexing.maxSessionsPerConnection'],
    maxConnectionsPerPrincipal: config['websocket.multiplexing.maxConnectionsPerPrincipal'],
    sessionTimeoutMs: config['websocket.multiplexing.sessionTimeout'],
    sessionRate: withBurst(
      config['websocket.multiplexing.rateLimitPerSession'],
      config['websocket.multiplexing.burstPerSession'],
    ),
    connectionRate: withBurst(connectionRate, connectionRate.tokens),
    openRate: withBurst(
      config['websocket.multiplexing.opensPerPrincipal'],
      config['websocket.multiplexing.openBurst'],
    ),
    replayRate: {
      tokens: config['websocket.multiplexing.replayPerPrincipal'],
      perMs: REPLAY_PER_MS,
      burst: config['websocket.multiplexing.replayPerPrincipal'],
    },
    maxMessageBytes: config['websocket.multiplexing.maxMessageSize'],
    weight: config['websocket.multiplexing.fairQueueWeight'],
  };
}
