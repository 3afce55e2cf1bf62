import type { SubscriberId } from '../../domain/multiplexing/subscriber-id.ts';
import type { SubscriberOwner } from '../../domain/multiplexing/subscriber-owner.ts';
import { NODE_LEASE_PREFIX, nodeOfLease } from '../fleet/node-lease.ts';
import type { ThisNode } from '../fleet/this-node.ts';
import type { Leases } from '../ports/fleet/leases.ts';
import type { NodeAsks } from '../ports/fleet/node-asks.ts';
import {
  type ConnectionQuery,
  type ConnectionSight,
  type LiveConnections,
  MEASURED_MS,
} from './live-connections.ts';

/** How long the other nodes may take to answer, in milliseconds: they measure, and words take their way. */
export const ANSWERED_WITHIN_MS = MEASURED_MS + 1_000;

/** What one node asks the others. */
type Question =
  | { readonly kind: 'look'; readonly query: ConnectionQuery }
  | { readonly kind: 'owner' | 'kick'; readonly connection: string }
  | { readonly kind: 'kick-session'; readonly id: SubscriberId };

/** What one of them answers; a node that has nothing to say of it answers no more than who it is. */
interface Answer {
  readonly node: string;
  readonly connections?: readonly ConnectionSight[];
  readonly owner?: SubscriberOwner;
  readonly wasOpen?: boolean;
}

/** What the nodes of a fleet said, this one first, and whether all of them did. */
export interface Answers {
  readonly answers: readonly Answer[];
  /** Nodes that live and have not answered. */
  readonly missing: readonly string[];
}

interface Deps {
  readonly own: LiveConnections;
  readonly asks: NodeAsks;
  readonly leases: Leases;
  readonly node: ThisNode;
}

/** Asks every node of the fleet about its multiplexed connections, and answers when another asks. */
export class FleetConnections {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Answers other nodes until the signal aborts. Never rejects. */
  async execute({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    if (signal.aborted) return;
    const leave = this.#deps.asks.answer(async (text) => {
      const question = JSON.parse(text) as Question;
      return JSON.stringify(await this.#answer(question));
    });
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    leave();
  }

  /** @throws PortError when it cannot be found out which nodes there are, or too many ask. */
  async ask(question: Question): Promise<Answers> {
    const { asks, leases, node } = this.#deps;
    const own = this.#answer(question);
    // It is heard below; until then a refusal is nobody's.
    own.catch(() => undefined);
    const held = await leases.list(NODE_LEASE_PREFIX);
    const others = held.map(({ name }) => nodeOfLease(name)).filter((id) => id !== node.id);
    const bounds = { withinMs: ANSWERED_WITHIN_MS, expected: others.length };
    const texts = others.length === 0 ? [] : await asks.ask(JSON.stringify(question), bounds);
    const answers = [await own, ...texts.map((text) => JSON.parse(text) as Answer)];
    const answered = new Set<string>(answers.map((answer) => answer.node));
    return { answers, missing: others.filter((id) => !answered.has(id)) };
  }

  async #answer(question: Question): Promise<Answer> {
    const { own, node } = this.#deps;
    const said = { node: node.id };
    switch (question.kind) {
      case 'look':
        return { ...said, connections: await own.look(question.query) };
      case 'owner': {
        const owner = own.ownerOf(question.connection);
        return { ...said, ...(owner === undefined ? {} : { owner }) };
      }
      case 'kick':
        return { ...said, wasOpen: await own.kick(question.connection) };
      case 'kick-session':
        return { ...said, wasOpen: own.kickSession(question.id) };
      default:
        return said;
    }
  }
}
