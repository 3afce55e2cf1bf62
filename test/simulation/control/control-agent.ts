import type { AgentConnection } from '../../../src/application/control/agent-connections.ts';
import type { IncomingEvent } from '../../../src/application/control/event-arrival.ts';
import type { AgentEventState, AgentRoute } from '../../../src/domain/control/agent-event-state.ts';
import type { ControlPolicy } from '../../../src/domain/control/control-policy.ts';
import type { ControlNode } from './control-node.ts';
import type { ControlWorld } from './control-world.ts';

/** The longest that a frame is on its way, in milliseconds. */
const LONGEST_WAY_MS = 200;

/** How long a connection of an event's own lasts at most, in milliseconds. */
const LONGEST_APART_MS = 15_000;

/** One connection of an agent's to one node; its ends are the client's and the node's. */
class Link implements AgentConnection {
  readonly name: string;
  readonly profile = undefined;
  /** Others than its main one name themselves at their login, and get no more than what came by them. */
  readonly isMain: boolean;
  readonly route: AgentRoute;
  readonly node: ControlNode;
  isOpen = true;
  readonly #world: ControlWorld;
  readonly #agent: SimulatedAgent;
  readonly #unconfirmed = new Set<(hasCome: boolean) => void>();
  #told: ControlPolicy | undefined;

  constructor(world: ControlWorld, agent: SimulatedAgent, node: ControlNode, isMain = true) {
    this.#world = world;
    this.isMain = isMain;
    this.#agent = agent;
    this.node = node;
    this.name = world.nextUuid();
    this.route = agent.route;
  }

  tell(state: AgentEventState): Promise<boolean> {
    const { owner, sessionId } = this.route;
    this.#world.invariants.told(owner, sessionId, state);
    return new Promise((resolve) => {
      if (!this.isOpen) {
        resolve(false);
        return;
      }
      this.#unconfirmed.add(resolve);
      this.later(() => {
        this.#agent.answered(state.claims.eventId);
        this.later(() => {
          // The node hears the pong when it runs.
          this.node.process.after(0, () => this.#unconfirmed.delete(resolve) && resolve(true));
        });
      });
    });
  }

  /** As an agent's session does: it is told what it was not told last. */
  tellPolicy(): void {
    const policy = this.node.policies.of(undefined);
    if (policy === this.#told || !this.isMain) return;
    this.#told = policy;
    // A socket keeps the order of what is sent: none that was sent before comes after this one.
    this.later(() => this.#agent.heard(this.#told ?? policy));
  }

  lose(): void {
    this.#world.journal.write(`${this.route.owner} is told that its session was taken`);
    this.#agent.lose(this);
  }

  /** Something comes at the other end, if the connection lasts until then. */
  later(happen: () => void): void {
    this.#world.time.after(this.#world.random.whole(1, LONGEST_WAY_MS), () => {
      if (this.isOpen) happen();
    });
  }

  /** The connection is cut; its node hears of it when it runs. */
  cut(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    const { node } = this;
    node.process.after(0, () => {
      for (const resolve of this.#unconfirmed) resolve(false);
      this.#unconfirmed.clear();
      if (!this.#isIn) return;
      node.connections.remove(this);
      void node.deliver.left(this);
      void node.routes.left(this);
    });
  }

  #isIn = false;

  /** Logs in: the owner is asked before anything is acknowledged. */
  async enter(): Promise<boolean> {
    const { node, route, isMain } = this;
    const { invariants } = this.#world;
    // Others than main ones are let in by what their node holds, which may have been taken from it without its knowledge.
    const since = isMain ? invariants.changesOf(route.sessionId) : 0;
    try {
      await node.routes.enter({ route, isMain });
    } catch {
      return false;
    }
    invariants.letIn(route.owner, route.sessionId, since);
    if (!this.isOpen) {
      void node.routes.left(this);
      return false;
    }
    this.#isIn = true;
    node.connections.add(this);
    if (!isMain) return true;
    this.#told = node.policies.of(undefined);
    this.#agent.heard(this.#told);
    node.deliver.look(route);
    return true;
  }

  async take(event: IncomingEvent): Promise<void> {
    const { node, route, name } = this;
    const { take, deliver, lease, process } = node;
    let id: string;
    try {
      id = lease.id;
    } catch {
      // As by 1011: the node is taken for dead, and nothing can be answered under its old name.
      this.#agent.lose(this);
      return;
    }
    const source = {
      ...route,
      connectionId: this.isMain ? '' : name,
      source: 'sdk',
      origin: { node: id, connection: name },
    };
    const taken = await take.take({ ...source, actor: 'system' }, event);
    if (!process.isAlive) return;
    if (taken.kind === 'kept') {
      deliver.taken(this, taken.state, taken.isAgain);
      return;
    }
    // It is told that there was an error, which is a verdict too.
    if (taken.verdict !== undefined) this.later(() => this.#agent.answered(event.claims.eventId));
    const late = await taken.late;
    if (process.isAlive && late?.kind === 'kept') deliver.taken(this, late.state, late.isAgain);
  }
}

/** A program with one session, which comes back to any node and sends again what has no verdict. */
export class SimulatedAgent {
  readonly route: AgentRoute;
  readonly #world: ControlWorld;
  readonly #unanswered = new Map<string, IncomingEvent>();
  #link: Link | undefined;
  /** Whether it is let in. */
  isIn = false;
  /** The policy that it was told last. */
  policy: ControlPolicy | undefined;

  constructor(world: ControlWorld, route: AgentRoute) {
    this.#world = world;
    this.route = route;
  }

  /** The events that it has no verdict on. */
  get waiting(): readonly string[] {
    return [...this.#unanswered.keys()];
  }

  get isConnected(): boolean {
    return this.#link?.isOpen === true && this.#link.node.process.isAlive;
  }

  /** The node that it is connected to, if that answers. */
  get node(): ControlNode | undefined {
    return this.isConnected && this.#link?.node.isServing ? this.#link.node : undefined;
  }

  connect(node: ControlNode | undefined): void {
    if (!node?.isServing) return;
    this.cut();
    const link = new Link(this.#world, this, node);
    this.#link = link;
    node.process.onDeath(() => {
      link.isOpen = false;
    });
    this.#world.journal.write(`${this.route.owner} connects to ${node.process.name}`);
    link.later(() =>
      node.process.after(0, () => {
        void link.enter().then((isIn) => {
          if (this.#link !== link) return;
          this.isIn = isIn;
          if (isIn) this.sendAgain();
          else link.cut();
        });
      }),
    );
  }

  cut(): void {
    this.isIn = false;
    this.#link?.cut();
  }

  /** One of its connections is told that its session was taken. */
  lose(link: Link): void {
    if (this.#link === link) this.cut();
    else link.cut();
  }

  /** In alert mode its program waits for nothing, from the moment that it hears of it. */
  heard(policy: ControlPolicy): void {
    this.policy = policy;
    if (policy.mode === 'alert') this.#unanswered.clear();
  }

  send(event: IncomingEvent): void {
    if (this.policy?.mode !== 'alert') this.#unanswered.set(event.claims.eventId, event);
    if (this.isIn) this.#give(event);
  }

  /** Sends by a connection of its own, which lasts for a while, as a program does that logs in with a connection id. */
  sendApart(node: ControlNode | undefined, event: IncomingEvent): void {
    if (!node?.isServing) return;
    if (this.policy?.mode !== 'alert') this.#unanswered.set(event.claims.eventId, event);
    const link = new Link(this.#world, this, node, false);
    node.process.onDeath(() => {
      link.isOpen = false;
    });
    const act = async (): Promise<void> => {
      if (await link.enter()) link.later(() => node.process.after(0, () => void link.take(event)));
      else link.cut();
    };
    link.later(() => node.process.after(0, () => void act()));
    this.#world.time.after(this.#world.random.whole(LONGEST_WAY_MS, LONGEST_APART_MS), () => {
      link.cut();
      // What had no answer by then goes by the main connection, now or when there is one.
      if (this.isIn && this.#unanswered.has(event.claims.eventId)) this.#give(event);
    });
  }

  /** As its client does after a cut, byte for byte. */
  sendAgain(): void {
    if (this.isIn) for (const event of this.#unanswered.values()) this.#give(event);
  }

  answered(eventId: string): void {
    this.#world.journal.write(`${this.route.owner} has its verdict on ${eventId}`);
    this.#unanswered.delete(eventId);
  }

  #give(event: IncomingEvent): void {
    const link = this.#link;
    link?.later(() => link.node.process.after(0, () => void link.take(event)));
  }
}
