import { MemoryAgentEventStore } from '../../../src/adapters/outbound/memory/control/memory-agent-event-store.ts';
import { MemoryPolicyStore } from '../../../src/adapters/outbound/memory/control/memory-policy-store.ts';
import { MemoryLeases } from '../../../src/adapters/outbound/memory/fleet/memory-leases.ts';
import { MemorySubscriberDirectory } from '../../../src/adapters/outbound/memory/multiplexing/memory-subscriber-directory.ts';
import type { PutOutcome } from '../../../src/application/ports/multiplexing/subscriber-directory.ts';
import { type ControlPolicy, DEFAULT_POLICY } from '../../../src/domain/control/control-policy.ts';
import { FIRST_BOOK, withPolicy } from '../../../src/domain/control/policy-book.ts';
import { DomainError } from '../../../src/domain/domain-error.ts';
import type { UserId } from '../../../src/domain/identity/ids.ts';
import { nameWithin, type SubscriberId } from '../../../src/domain/multiplexing/subscriber-id.ts';
import type { SubscriberOwner } from '../../../src/domain/multiplexing/subscriber-owner.ts';
import type { Holder, SubscriberState } from '../../../src/domain/multiplexing/subscriber-state.ts';
import { SimulatedBus } from '../ports/simulated-bus.ts';
import { JournalOfRun } from '../world/journal-of-run.ts';
import { Network, SimulatedServer } from '../world/network.ts';
import { SeededRandom } from '../world/seeded-random.ts';
import { SimulatedProcess } from '../world/simulated-process.ts';
import { VirtualTime } from '../world/virtual-time.ts';
import { SimulatedAgent } from './control-agent.ts';
import { ControlInvariants } from './control-invariants.ts';
import { ControlNode } from './control-node.ts';
import { controlPorts } from './control-ports.ts';

/** Nodes of a run. */
export const NODES = 3;
/** Agents of a run: the first two ask for one session, of which one gets it; the others have one each. */
export const AGENTS = 4;
const REVIEWER = 'u_00000000000000000000000000000001' as UserId;

/** Several nodes, the store that they share, agents and persons. */
export class ControlWorld {
  readonly time = new VirtualTime();
  readonly random = new SeededRandom(1);
  readonly journal = new JournalOfRun(this.time);
  readonly network = new Network(this.time, this.random, this.journal);
  readonly server = new SimulatedServer('store');
  readonly bus = new SimulatedBus(this.random);
  readonly store = new MemoryAgentEventStore();
  readonly policies = new MemoryPolicyStore();
  readonly directory = new MemorySubscriberDirectory();
  readonly leases = new MemoryLeases({ clock: { nowMs: () => this.time.nowMs } });
  readonly invariants = new ControlInvariants(this.journal);
  readonly nodes: Array<ControlNode | undefined> = Array.from({ length: NODES }, () => undefined);
  readonly agents = Array.from(
    { length: AGENTS },
    (_, at) =>
      new SimulatedAgent(this, {
        owner: `agent:a${at}` as SubscriberOwner,
        sessionId: `session-${Math.max(at, 1)}`,
      }),
  );
  /** How long a session stays its agent's when nobody is connected, in milliseconds. */
  routeLeaseMs = 86_400_000;
  #named = 0;

  async begin(): Promise<void> {
    await this.policies.write(withPolicy(FIRST_BOOK, { ...DEFAULT_POLICY, mode: 'hitl' }), []);
    for (let machine = 0; machine < NODES; machine += 1) this.run(machine);
  }

  /** Starts the program on a machine where it does not run. */
  run(machine: number): void {
    if (this.nodes[machine] !== undefined) return;
    const process = new SimulatedProcess(`node-${machine}-${this.nextNumber()}`, this.time, 0);
    const node = new ControlNode(process, controlPorts(this, process), this.routeLeaseMs);
    this.nodes[machine] = node;
    process.onDeath(() => {
      this.nodes[machine] = undefined;
    });
    void node.serve();
  }

  /** A node that serves, if there is one. */
  serving(machine: number): ControlNode | undefined {
    const node = this.nodes[machine];
    return node?.isServing === true ? node : undefined;
  }

  /** A person decides at a node, which may be at the same time as another does at another. */
  decide(machine: number, reviewId: string, decision: 'approved' | 'rejected'): void {
    const node = this.serving(machine);
    if (node === undefined) return;
    const command = { reviewId, decision, by: REVIEWER, requestId: 'request' };
    node.process.after(0, () => {
      node.resolve.execute(command).then(
        () => this.invariants.taken(reviewId, decision),
        (error: unknown) => {
          this.journal.examine(error, 'a decision');
          if (error instanceof DomainError && error.code !== 'review.already_resolved') {
            this.journal.fail(`a decision was refused: ${error.code}`);
          }
        },
      );
    });
  }

  /** An operator takes a session from whoever has it. */
  release(machine: number, sessionId: string): void {
    const node = this.serving(machine);
    if (node === undefined) return;
    const command = { sessionId, by: REVIEWER, requestId: 'request' };
    node.process.after(0, () => {
      node.owners.release(command).then(
        ({ owner }) => this.journal.write(`${sessionId} was taken from ${owner}`),
        (error: unknown) => this.journal.examine(error, 'a release'),
      );
    });
  }

  /** An admin changes the policy of all. */
  changePolicy(machine: number, policy: ControlPolicy): void {
    const node = this.serving(machine);
    if (node === undefined) return;
    const command = { policy, by: REVIEWER, requestId: 'request' };
    node.process.after(0, () => {
      node.change.execute(command).then(
        ({ version }) => this.journal.write(`the policy is ${policy.mode} in version ${version}`),
        (error: unknown) => this.journal.examine(error, 'a change of the policy'),
      );
    });
  }

  /** The directory has done what it was asked. */
  async routeChanged(method: string, [given]: readonly unknown[], result: unknown): Promise<void> {
    if (method === 'expire') {
      const left = await this.directory.list({ realm: 'control', limit: Number.MAX_SAFE_INTEGER });
      this.invariants.routesExpired(new Set(left.map(({ id }) => id)), given as number);
    }
    if (method === 'remove' && result === true) this.invariants.routeRemoved(given as SubscriberId);
    if (method !== 'put' || (result as PutOutcome).kind !== 'stored') return;
    const next = given as SubscriberState;
    const route = { owner: next.owner, sessionId: nameWithin(next.id) };
    const isLoggedIn = ({ node }: Holder): boolean => this.nodes.some((one) => one?.holds(node, route));
    this.invariants.routeWritten(next, isLoggedIn, this.time.nowMs);
  }

  /** The reviews that nobody has decided about yet, as the store has them. */
  async openReviews(): Promise<readonly string[]> {
    const asking = await this.store.list({
      reviewed: { status: 'pending' },
      order: 'oldest-first',
      limit: 1_000,
      maxBytes: 1e9,
    });
    return asking.flatMap(({ review }) => review?.id ?? []);
  }

  nextNumber(): number {
    this.#named += 1;
    return this.#named;
  }

  /** A UUID that nothing else in the run has. */
  nextUuid(): string {
    return `00000000-0000-4000-8000-${String(this.nextNumber()).padStart(12, '0')}`;
  }
}
