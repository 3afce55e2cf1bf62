import { ConnectionBoard } from '../../../src/adapters/inbound/ws/mux/connection-board.ts';
import { Connections } from '../../../src/adapters/inbound/ws/mux/connections.ts';
import { MUX_LIMITS } from '../../../src/adapters/inbound/ws/mux/mux-limits.ts';
import { OpenRates } from '../../../src/adapters/inbound/ws/mux/open-rates.ts';
import { OpenSessions } from '../../../src/adapters/inbound/ws/mux/open-sessions.ts';
import { ReplayBudget } from '../../../src/adapters/inbound/ws/mux/replay-budget.ts';
import { Budget } from '../../../src/application/budget.ts';
import { NODE_LEASE_PREFIX, NodeLease } from '../../../src/application/fleet/node-lease.ts';
import { Turn } from '../../../src/application/fleet/turn.ts';
import type { Authenticate } from '../../../src/application/identity/authenticate.ts';
import { ChangeTurns } from '../../../src/application/multiplexing/change-turns.ts';
import { ClaimSubscription } from '../../../src/application/multiplexing/claim-subscription.ts';
import { ConfirmSubscription } from '../../../src/application/multiplexing/confirm-subscription.ts';
import { EndSubscription } from '../../../src/application/multiplexing/end-subscription.ts';
import { FleetConnections } from '../../../src/application/multiplexing/fleet-connections.ts';
import {
  KeepSubscriptions,
  SWEEP_TURN_MS,
} from '../../../src/application/multiplexing/keep-subscriptions.ts';
import { KickConnection } from '../../../src/application/multiplexing/kick-connection.ts';
import { KnownSubscribers } from '../../../src/application/multiplexing/known-subscribers.ts';
import { LeaveSubscription } from '../../../src/application/multiplexing/leave-subscription.ts';
import { LeaveSubscriptions } from '../../../src/application/multiplexing/leave-subscriptions.ts';
import { NoteBreach } from '../../../src/application/multiplexing/note-breach.ts';
import { ResumeSubscription } from '../../../src/application/multiplexing/resume-subscription.ts';
import { SweepSubscriptions } from '../../../src/application/multiplexing/sweep-subscriptions.ts';
import {
  type OpenSubscriptions,
  WatchOwnSubscriptions,
} from '../../../src/application/multiplexing/watch-own-subscriptions.ts';
import { WithdrawClaims } from '../../../src/application/multiplexing/withdraw-claims.ts';
import type { SimulatedProcess } from '../world/simulated-process.ts';
import { type DeedWatch, type MessageLog, messageLogKind } from './message-log-kind.ts';
import type { MuxInvariants } from './mux-invariants.ts';
import type { MuxPorts } from './mux-ports.ts';

/** Life of a node's lease, in milliseconds. */
const NODE_LEASE_MS = 10_000;
/** How long a session waits for its owner, in milliseconds. */
export const SESSION_LEASE_MS = 120_000;
/** How long an OPEN may take, in milliseconds. */
const OPEN_WITHIN_MS = 10_000;
/** How often a node looks whether another has died, in milliseconds. */
const LOOK_FOR_DEAD_MS = 2_500;
/** How long a store may be away before a node tries again to join, in milliseconds. */
const JOIN_AGAIN_MS = 500;

/** One run of the program: what serves multiplexed connections, over the ports of a process, as `main` composes it. */
export class MuxNode {
  readonly process: SimulatedProcess;
  readonly connections: Connections;
  readonly kick: KickConnection;
  readonly #ports: MuxPorts;
  readonly #invariants: MuxInvariants;
  readonly #lease: NodeLease;
  readonly #turns: ChangeTurns;
  readonly #answers: FleetConnections;
  readonly #stopping = new AbortController();
  #loops: Promise<unknown> = Promise.resolve();
  #isServing = false;

  constructor(process: SimulatedProcess, ports: MuxPorts, invariants: MuxInvariants) {
    this.process = process;
    this.#ports = ports;
    this.#invariants = invariants;
    this.#lease = new NodeLease({ ...ports, host: process.name, lifeMs: NODE_LEASE_MS });
    this.#turns = new ChangeTurns(ports);
    const deps = { ...ports, turns: this.#turns, known: new KnownSubscribers() };
    const end = new EndSubscription(deps);
    this.connections = new Connections({
      ...ports,
      limits: MUX_LIMITS,
      opens: this.#opens(deps, end),
      rates: new OpenRates(MUX_LIMITS),
      confirm: new ConfirmSubscription(deps),
      leaveAll: new LeaveSubscriptions(deps),
      end,
      authenticate: NOBODY_NEW,
      sessions: { isLive: async () => true },
      loginEnds: { subscribe: () => () => undefined },
      use: { intervalMs: 60_000, tell: async () => true },
      breaches: new NoteBreach(ports),
      budget: () => this.#budget(),
    });
    const own = new ConnectionBoard(this.connections, ports.timers);
    this.#answers = new FleetConnections({ ...ports, own, node: this.#lease });
    this.kick = new KickConnection({ ...ports, fleet: this.#answers, end });
  }

  /** Whether clients are answered. */
  get isServing(): boolean {
    return this.#isServing && this.process.isAlive;
  }

  async serve(): Promise<void> {
    const { timers } = this.#ports;
    for (let isIn = false; !isIn; ) {
      isIn = await this.#lease.join().then(
        () => true,
        () => false,
      );
      if (!isIn) await timers.sleep(JOIN_AGAIN_MS);
    }
    this.#isServing = true;
    const { signal } = this.#stopping;
    this.#loops = Promise.all([
      this.#lease.execute({ signal }),
      this.#answers.execute({ signal }),
      this.#keeper().execute({ signal }),
      this.#watch().execute({ signal }),
    ]);
    await this.#lookForDead();
  }

  /** Stops as by SIGTERM. */
  async stop(): Promise<void> {
    this.#isServing = false;
    this.connections.goAway();
    await this.connections.drain();
    this.#stopping.abort();
    await this.#loops;
    await this.#lease.leave().catch(() => undefined);
    this.process.kill();
  }

  #opens(
    deps: MuxPorts & { readonly turns: ChangeTurns; readonly known: KnownSubscribers },
    end: EndSubscription,
  ): OpenSessions {
    const withdraw = new WithdrawClaims(deps);
    const kind = messageLogKind(this.#ports.messages as MessageLog, this.#deeds());
    return new OpenSessions({
      kinds: new Map([[kind.name, kind]]),
      claim: new ClaimSubscription({ ...deps, withdraw, leaseMs: SESSION_LEASE_MS }),
      resume: new ResumeSubscription({ ...deps, withdraw }),
      leave: new LeaveSubscription(deps),
      end,
      withdraw,
      node: this.#lease,
      ids: deps.ids,
      limits: MUX_LIMITS,
      replay: new ReplayBudget(MUX_LIMITS.replayRate, deps),
      onMoved: (id, epoch) => deps.bus.tellMoved(id, epoch),
    });
  }

  #budget(): Budget {
    const { timers, clock } = this.#ports;
    return new Budget({ timers, monotonicMs: () => clock.nowMs(), limitMs: OPEN_WITHIN_MS });
  }

  #deeds(): DeedWatch {
    const { process } = this;
    const invariants = this.#invariants;
    return {
      acts: (session) => process.isAlive && invariants.acts(process.name, session),
      sends: (session) => process.isAlive && invariants.sends(process.name, session),
    };
  }

  #keeper(): KeepSubscriptions {
    const deps = { ...this.#ports, node: this.#lease };
    const sweep = new SweepSubscriptions({ ...deps, turns: this.#turns });
    const turn = new Turn(deps, { work: 'subscriptions', lifeMs: SWEEP_TURN_MS });
    return new KeepSubscriptions({ ...deps, sweep, turn });
  }

  #watch(): WatchOwnSubscriptions {
    const { connections, process } = this;
    const open = {
      held: () => connections.held(),
      lose: (id, epoch) => {
        connections.lose(id, epoch);
        this.#invariants.knows(process.name, id, epoch);
      },
      end: (id) => void connections.end(id),
      letGo: () => connections.letGo(),
    } satisfies OpenSubscriptions;
    return new WatchOwnSubscriptions({ ...this.#ports, node: this.#lease, open });
  }

  /** Stands for what watches the leases of nodes in the program: the name of a dead one is taken, and freed. */
  async #lookForDead(): Promise<void> {
    const { leases, timers } = this.#ports;
    for (;;) {
      await timers.sleep(LOOK_FOR_DEAD_MS);
      const held = await leases.list(NODE_LEASE_PREFIX).catch(() => []);
      for (const { name, lapsed } of held) {
        if (!lapsed) continue;
        const [taker, lifeMs] = [this.process.name, NODE_LEASE_MS];
        const taken = await leases.hold(name, taker, lifeMs).catch(() => 'taken' as const);
        if (taken !== 'taken') await leases.release(name, taker).catch(() => undefined);
      }
    }
  }
}

/** No client shows another credential than his connection's. */
const NOBODY_NEW = {
  execute: async () => {
    throw new Error('nobody shows a credential here');
  },
} as unknown as Authenticate;
