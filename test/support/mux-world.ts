import { Connections } from '../../src/adapters/inbound/ws/mux/connections.ts';
import type { Handle } from '../../src/adapters/inbound/ws/mux/frame.ts';
import { ECHO } from '../../src/adapters/inbound/ws/mux/kinds/echo.ts';
import type { Kind } from '../../src/adapters/inbound/ws/mux/kinds/kind.ts';
import type { MuxConnection } from '../../src/adapters/inbound/ws/mux/mux-connection.ts';
import { MUX_LIMITS, type MuxLimits } from '../../src/adapters/inbound/ws/mux/mux-limits.ts';
import { OpenRates } from '../../src/adapters/inbound/ws/mux/open-rates.ts';
import { OpenSessions } from '../../src/adapters/inbound/ws/mux/open-sessions.ts';
import { ReplayBudget } from '../../src/adapters/inbound/ws/mux/replay-budget.ts';
import type { OpenedPayload } from '../../src/adapters/inbound/ws/mux/server-payloads.ts';
import { MemoryAuditLog } from '../../src/adapters/outbound/memory/audit/memory-audit-log.ts';
import { MemorySubscriberDirectory } from '../../src/adapters/outbound/memory/multiplexing/memory-subscriber-directory.ts';
import { CryptoIdSource } from '../../src/adapters/outbound/system/crypto-id-source.ts';
import { NodeDigest } from '../../src/adapters/outbound/system/node-digest.ts';
import { Budget } from '../../src/application/budget.ts';
import type { Authenticate } from '../../src/application/identity/authenticate.ts';
import { ClaimSubscription } from '../../src/application/multiplexing/claim-subscription.ts';
import { ConfirmSubscription } from '../../src/application/multiplexing/confirm-subscription.ts';
import { EndSubscription } from '../../src/application/multiplexing/end-subscription.ts';
import { LeaveSubscription } from '../../src/application/multiplexing/leave-subscription.ts';
import { LeaveSubscriptions } from '../../src/application/multiplexing/leave-subscriptions.ts';
import { NoteBreach } from '../../src/application/multiplexing/note-breach.ts';
import { ResumeSubscription } from '../../src/application/multiplexing/resume-subscription.ts';
import { WithdrawClaims } from '../../src/application/multiplexing/withdraw-claims.ts';
import type { LoginSessionId, UserId } from '../../src/domain/identity/ids.ts';
import type { EndingPrincipal, UserPrincipal } from '../../src/domain/identity/principal.ts';
import { SUBSCRIBER_BOUNDS, type SubscriberBounds } from '../../src/domain/multiplexing/subscriber-bounds.ts';
import type { NodeId } from '../../src/domain/streaming/node-id.ts';
import { ManualTimers } from './manual-timers.ts';
import { handleOf } from './mux-client.ts';
import { RecordingAudit } from './recording-audit.ts';
import { RecordingLog } from './recording-log.ts';
import { RecordingMetrics } from './recording-metrics.ts';
import { RecordingWatchman } from './recording-watchman.ts';
import { ScriptedSocket } from './scripted-socket.ts';
import { ANNA } from './stream-builders.ts';

/** The time that an OPEN may take, in milliseconds. */
export const OPEN_WITHIN_MS = 10_000;

/** Anna by one of her logins. */
export const anna = (login = 'login-of-anna'): UserPrincipal => ({
  kind: 'user',
  userId: ANNA as UserId,
  username: 'anna',
  email: 'anna@example.org',
  role: 'user',
  loginSessionId: login as LoginSessionId,
});

/** What many sessions do in the churn of a test is not kept. */
class ForgetfulAuditLog extends MemoryAuditLog {
  override add(): void {}
}

/** Connections over a directory in memory, with sockets whose clients a test plays and a clock that it moves. */
export class MuxWorld {
  readonly timers = new ManualTimers();
  readonly log = new RecordingLog();
  readonly audit = new RecordingAudit();
  readonly watchman = new RecordingWatchman();
  readonly metrics = new RecordingMetrics();
  readonly breaches: NoteBreach;
  readonly directory: MemorySubscriberDirectory;
  /** The logins that were told to be in use. */
  readonly uses: string[] = [];
  /** Whom credentials name, or how they are refused; every other is Anna's. */
  readonly credentials = new Map<string, EndingPrincipal | Error>();
  readonly connections: Connections;
  /** Finds out whom a credential names; a test may have it take its time. */
  look = async (credential: string): Promise<EndingPrincipal> => this.#named(credential);
  #refs = 0;

  constructor(
    limits: Partial<MuxLimits> = {},
    kinds: readonly Kind[] = [ECHO],
    bounds: SubscriberBounds = SUBSCRIBER_BOUNDS.mux,
    directory = new MemorySubscriberDirectory(new ForgetfulAuditLog()),
  ) {
    this.directory = directory;
    const all = { ...MUX_LIMITS, ...limits };
    const { clock } = this.timers;
    const ids = new CryptoIdSource();
    const deps = {
      directory: this.directory,
      clock,
      ids,
      digest: new NodeDigest(),
      bounds: { ...SUBSCRIBER_BOUNDS, mux: bounds },
      audit: this.audit,
      watchman: this.watchman,
      metrics: this.metrics,
    };
    this.breaches = new NoteBreach({ ...deps, timers: this.timers });
    const rates = new OpenRates(all);
    const [leave, end] = [new LeaveSubscription(deps), new EndSubscription(deps)];
    const opens = new OpenSessions({
      kinds: new Map(kinds.map((kind) => [kind.name, kind])),
      claim: new ClaimSubscription(deps),
      resume: new ResumeSubscription(deps),
      leave,
      end,
      withdraw: new WithdrawClaims({ ...deps, timers: this.timers, log: this.log }),
      node: { id: 'node' as NodeId },
      ids,
      limits: all,
      replay: new ReplayBudget(all.replayRate, { clock, timers: this.timers }),
      onMoved: (id, epoch) => this.connections.lose(id, epoch),
    });
    this.connections = new Connections({
      limits: all,
      opens,
      rates,
      confirm: new ConfirmSubscription(deps),
      leaveAll: new LeaveSubscriptions(deps),
      end,
      authenticate: {
        execute: ({ value }: { value: string }) => this.look(value),
      } as unknown as Authenticate,
      sessions: { isLive: async () => true },
      loginEnds: { subscribe: () => () => undefined },
      use: {
        intervalMs: 60_000,
        tell: async (id) => {
          this.uses.push(id);
          return true;
        },
      },
      clock,
      timers: this.timers,
      ids,
      log: this.log,
      breaches: this.breaches,
      metrics: this.metrics,
      budget: () =>
        new Budget({ timers: this.timers, monotonicMs: () => clock.nowMs(), limitMs: OPEN_WITHIN_MS }),
    });
  }

  #named(credential: string): EndingPrincipal {
    const named = this.credentials.get(credential) ?? anna();
    if (named instanceof Error) throw named;
    return named;
  }

  /** A connection of Anna's. */
  connect(expiresAtMs?: number, principal = anna()): ScriptedSocket {
    return this.connectAs(principal, expiresAtMs).socket;
  }

  /** A connection of somebody's, with the server's end of it. */
  connectAs(
    principal: UserPrincipal,
    expiresAtMs?: number,
  ): { readonly socket: ScriptedSocket; readonly connection: MuxConnection } {
    const socket = new ScriptedSocket();
    const connection = this.connections.add({
      socket: socket.socket,
      stream: socket.stream,
      shown: { principal, ...(expiresAtMs === undefined ? {} : { expiresAtMs }) },
      requestId: 'request',
      network: '192.0.2.1',
      batch: true,
    });
    return { socket, connection };
  }

  /** Opens a session that is not refused. */
  async open(
    on: ScriptedSocket,
    more: Readonly<Record<string, unknown>> = {},
  ): Promise<OpenedPayload & { readonly at: Handle }> {
    this.#refs += 1;
    const ref = `r${this.#refs}`;
    on.send(undefined, 'OPEN', { ref, kind: 'echo', ...more });
    await this.settle();
    const answer = on.received.find(({ json }) => json?.ref === ref);
    if (answer?.name !== 'OPENED') throw new Error(`not opened: ${answer?.bytes.toString()}`);
    return { ...(answer.json as OpenedPayload), at: handleOf(answer.json.handle) };
  }

  /** Lets everything that is due take its turn; no time passes. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }
}
