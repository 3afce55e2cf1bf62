import type { Container } from 'inversify';
import type { ServiceName } from './service-name.ts';
import { SWEEPER } from './tokens/accounting.ts';
import { ALERT_KEEPER } from './tokens/alerts.ts';
import { AUDIT_KEEPER } from './tokens/audit.ts';
import {
  AGENT_CONNECTIONS,
  AGENT_ROUTES,
  DELIVER_VERDICTS,
  FOLLOW_REVIEWS,
  KEEP_EVENTS,
  LIVE_POLICIES,
} from './tokens/control.ts';
import {
  FLEET_PULSE,
  HEAR_NODES,
  READER_MARKS,
  READERS_ELSEWHERE,
  THIS_NODE,
  WATCH_NODES,
  WATCH_OWN_STREAMS,
} from './tokens/fleet.ts';
import { FOLLOW_REVOCATIONS, HEAR_REVOCATIONS } from './tokens/identity.ts';
import {
  FLEET_CONNECTIONS,
  KEEP_SUBSCRIPTIONS,
  NOTE_BREACH,
  WATCH_OWN_SUBSCRIPTIONS,
} from './tokens/multiplexing.ts';
import { EXPIRE_STREAMS, SETTLE_INTENTS, STOP_CLOSED_ACCOUNTS } from './tokens/streaming.ts';

/** What goes on without anybody asking for it. */
export class BackgroundLoops {
  readonly #stop = new AbortController();
  readonly #ended: Promise<unknown>;
  readonly #leave: () => Promise<void>;

  private constructor(
    begin: (signal: AbortSignal) => ReadonlyArray<Promise<void>>,
    leave: () => Promise<void>,
  ) {
    this.#ended = Promise.all(begin(this.#stop.signal));
    this.#leave = leave;
  }

  /** Starts the loops of the services that run here. */
  static start(container: Container, running: readonly ServiceName[]): BackgroundLoops {
    const begin = (signal: AbortSignal): ReadonlyArray<Promise<void>> => [
      container.get(AUDIT_KEEPER).run(signal),
      container.get(THIS_NODE).execute({ signal }),
      ...(container.isBound(FLEET_PULSE) ? [container.get(HEAR_NODES).execute({ signal })] : []),
      ...(running.includes('accounting') ? [container.get(SWEEPER).run(signal)] : []),
      ...(running.includes('chat')
        ? [
            container.get(ALERT_KEEPER).run(signal),
            container.get(NOTE_BREACH).run(signal),
            container.get(WATCH_NODES).execute({ signal }),
            container.get(WATCH_OWN_STREAMS).execute({ signal }),
            ...(container.isBound(READER_MARKS)
              ? [container.get(READERS_ELSEWHERE).execute({ signal })]
              : []),
            container.get(SETTLE_INTENTS).execute({ signal }),
            container.get(EXPIRE_STREAMS).execute({ signal }),
            container.get(KEEP_SUBSCRIPTIONS).execute({ signal }),
            container.get(WATCH_OWN_SUBSCRIPTIONS).execute({ signal }),
            container.get(FLEET_CONNECTIONS).execute({ signal }),
            ...watchingAgents(container, signal),
          ]
        : []),
      // Whoever acts on what auth tells listens before it is asked for.
      ...(running.includes('chat') ? [container.get(STOP_CLOSED_ACCOUNTS).execute({ signal })] : []),
      hearing(container, running).execute({ signal }),
    ];
    return new BackgroundLoops(begin, () => container.get(THIS_NODE).leave());
  }

  /** Resolves when every loop has finished what it was at, and other nodes know that this one has left. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error('the server stops'));
    await this.#ended;
    // Where the store is away the lease lapses by itself.
    await this.#leave().catch(() => undefined);
  }
}

/** What goes on about agents. */
const watchingAgents = (container: Container, signal: AbortSignal): ReadonlyArray<Promise<void>> => [
  container.get(LIVE_POLICIES).execute({ signal }),
  container.get(FOLLOW_REVIEWS).execute({ signal }),
  container.get(KEEP_EVENTS).execute({ signal }),
  container.get(DELIVER_VERDICTS).execute({ signal }),
  container.get(AGENT_ROUTES).execute({
    signal,
    onLost: (route) => {
      for (const connection of container.get(AGENT_CONNECTIONS).of(route)) connection.lose();
    },
  }),
];

/** What hears of ended logins: those that other nodes store, or those that auth tells where it runs apart. */
const hearing = (container: Container, running: readonly ServiceName[]) =>
  running.includes('auth') ? container.get(HEAR_REVOCATIONS) : container.get(FOLLOW_REVOCATIONS);
