import type { Frame } from '../../../src/adapters/inbound/ws/mux/frame.ts';
import type { OpenedPayload } from '../../../src/adapters/inbound/ws/mux/server-payloads.ts';
import { MemoryLeases } from '../../../src/adapters/outbound/memory/fleet/memory-leases.ts';
import { MemorySubscriberDirectory } from '../../../src/adapters/outbound/memory/multiplexing/memory-subscriber-directory.ts';
import type {
  PutOutcome,
  Replaced,
  Replacement,
} from '../../../src/application/ports/multiplexing/subscriber-directory.ts';
import type { LoginSessionId, UserId } from '../../../src/domain/identity/ids.ts';
import type { UserPrincipal } from '../../../src/domain/identity/principal.ts';
import { nameWithin, type SubscriberId } from '../../../src/domain/multiplexing/subscriber-id.ts';
import { ownerOf } from '../../../src/domain/multiplexing/subscriber-owner.ts';
import type { SubscriberState } from '../../../src/domain/multiplexing/subscriber-state.ts';
import { SimulatedAsks } from '../ports/simulated-asks.ts';
import { SimulatedBus } from '../ports/simulated-bus.ts';
import { JournalOfRun } from '../world/journal-of-run.ts';
import { Network, SimulatedServer } from '../world/network.ts';
import { SeededRandom } from '../world/seeded-random.ts';
import { SimulatedProcess } from '../world/simulated-process.ts';
import { VirtualTime } from '../world/virtual-time.ts';
import { MessageLog } from './message-log-kind.ts';
import { MuxInvariants, shortName } from './mux-invariants.ts';
import { MuxNode } from './mux-node.ts';
import { muxPorts } from './mux-ports.ts';
import { MuxTab } from './mux-tab.ts';
import { SimulatedLink } from './simulated-link.ts';

/** Nodes of a run. */
export const NODES = 3;
/** Tabs of a run, by turns of two people. */
export const TABS = 4;

const personOf = (name: string): UserPrincipal => ({
  kind: 'user',
  userId: `u_${name}` as UserId,
  username: name,
  email: `${name}@example.org`,
  role: 'user',
  loginSessionId: `login of ${name}` as LoginSessionId,
});
const PEOPLE = [personOf('anna'), personOf('ben')] as const;
const THIEF = personOf('mallory');
const OPERATOR = 'u_operator' as UserId;

/** Several nodes with multiplexed connections, the store that they share, their clients and a thief. */
export class MuxFleet {
  /** Connections do their work in turns of the event loop, so that each happening has one. */
  readonly time = new VirtualTime(1);
  readonly random = new SeededRandom(1);
  readonly journal = new JournalOfRun(this.time);
  readonly network = new Network(this.time, this.random, this.journal);
  readonly server = new SimulatedServer('store');
  readonly bus = new SimulatedBus(this.random);
  readonly asks = new SimulatedAsks(this.time, this.random);
  readonly directory = new MemorySubscriberDirectory();
  readonly leases = new MemoryLeases({ clock: { nowMs: () => this.time.nowMs } });
  readonly messages = new MessageLog();
  readonly invariants = new MuxInvariants(this.journal);
  readonly nodes: Array<MuxNode | undefined> = Array.from({ length: NODES }, () => undefined);
  readonly tabs = Array.from(
    { length: TABS },
    (_, at) => new MuxTab(this, `tab-${at}`, PEOPLE[at % PEOPLE.length] ?? THIEF),
  );
  #named = 0;

  /** Starts the program on a machine where it does not run. */
  run(machine: number): void {
    if (this.nodes[machine] !== undefined) return;
    const process = new SimulatedProcess(`node-${machine}-${this.#nextNumber()}`, this.time, 0);
    const node = new MuxNode(process, muxPorts(this, process), this.invariants);
    this.nodes[machine] = node;
    process.onDeath(() => {
      if (this.nodes[machine] === node) this.nodes[machine] = undefined;
    });
    void node.serve();
  }

  /** A node that serves, if it does. */
  serving(machine: number): MuxNode | undefined {
    const node = this.nodes[machine];
    return node?.isServing === true ? node : undefined;
  }

  /** An operator ends a session wherever it is. */
  kick(machine: number, id: SubscriberId): void {
    const node = this.serving(machine);
    const connection = this.invariants.stateOf(id)?.holders[0]?.connection;
    if (node === undefined || connection === undefined) return;
    this.invariants.wishesOver(id);
    const command = { connection, sessionId: nameWithin(id), by: OPERATOR, requestId: 'request' };
    node.process.after(0, () => {
      node.kick.execute(command).then(
        () => this.journal.write(`${shortName(id)} is ended by an operator`),
        (error: unknown) => this.journal.examine(error, 'an operator’s end'),
      );
    });
  }

  /** Somebody tries a token that is not his, or is no longer good; and what he has seen of another's connection. */
  steal(machine: number, token: string, by: 'thief' | 'owner', tab: MuxTab): void {
    const node = this.serving(machine);
    const issued = this.invariants.issued.get(token);
    const state = issued && this.invariants.stateOf(issued.id);
    if (node === undefined || issued === undefined || state === undefined) return;
    const { id } = issued;
    const owner = PEOPLE.find((person) => ownerOf(person) === state.owner);
    const principal = by === 'owner' && owner !== undefined ? owner : THIEF;
    this.journal.write(`${by} shows the token of epoch ${issued.epoch} for ${shortName(id)}`);
    const link = new SimulatedLink(this, node, principal, {
      onFrame: ({ name, payload }) => {
        if (name === 'OPENED' || name === 'EVENT') this.journal.fail(`${shortName(id)} was stolen`);
        // That a handle is another's is answered first.
        if (name === 'ERROR' && !payload.includes('session.unknown')) link.cut();
      },
      onOver: () => undefined,
    });
    this.invariants.shows(link.name, { id, owner: ownerOf(principal), token });
    if (tab.handle !== undefined) link.send(tab.handle, 'DATA', Buffer.from('stolen'));
    const resume = { sessionId: nameWithin(id), token, offset: 0 };
    link.send(undefined, 'OPEN', { ref: 'ref', kind: 'log', resume });
  }

  /** A server has said something to a client, whether it comes there or not. */
  said({ name, payload }: Frame): void {
    if (name === 'OPENED') this.invariants.opened(JSON.parse(payload.toString()) as OpenedPayload);
  }

  /** The directory has done what it was asked. */
  async directoryChanged(method: string, [given]: readonly unknown[], result: unknown): Promise<void> {
    const { invariants } = this;
    if (method === 'remove' && result === true) invariants.ended(given as SubscriberId);
    if (method === 'put' && (result as PutOutcome).kind === 'stored') {
      invariants.stored(given as SubscriberState);
    }
    if (method === 'replaceAll') {
      const { stored } = result as Replaced;
      for (const { next } of given as readonly Replacement[])
        if (stored.has(next.id)) invariants.stored(next);
    }
    if (method === 'expire') {
      const left = await this.directory.list({ realm: 'mux', limit: Number.MAX_SAFE_INTEGER });
      invariants.expired(new Set(left.map(({ id }) => id)), given as number);
    }
  }

  /** What somebody has open that is not his any more, or the directory takes for open and is not. */
  untrue(): string | undefined {
    const open = new Set<string>();
    for (const node of this.nodes) {
      for (const connection of node?.connections.all() ?? []) {
        for (const { id, epoch } of connection.sessions()) {
          const state = this.invariants.stateOf(id);
          const holder = state?.holders[0]?.connection;
          const what = `${node?.process.name} has ${shortName(id)} open in epoch ${epoch}`;
          if (state?.epoch !== epoch) return `${what}, and it is in ${state?.epoch}`;
          if (holder !== connection.name) return `${what} and does not hold it`;
          open.add(`${id} ${connection.name}`);
        }
      }
    }
    for (const { id, holders, epoch } of this.invariants.states()) {
      for (const { connection, node } of holders) {
        if (!open.has(`${id} ${connection}`))
          return `${shortName(id)} in epoch ${epoch} is not open at ${node}`;
      }
    }
    return undefined;
  }

  /** A UUID that nothing else in the run has. */
  nextUuid(): string {
    return `00000000-0000-4000-8000-${String(this.#nextNumber()).padStart(12, '0')}`;
  }

  /** A secret that nothing else in the run is, in the form of one. */
  nextSecret(bits: number): string {
    const bytes = Buffer.alloc(bits / 8);
    bytes.writeUInt32BE(this.#nextNumber(), 4);
    bytes.writeUInt32BE(this.#named, bytes.length - 4);
    return bytes.toString('base64url');
  }

  #nextNumber(): number {
    this.#named += 1;
    return this.#named;
  }
}
