import { AgentEvent, alreadyResolved } from '../../../domain/control/agent-event.ts';
import type { AgentEventState } from '../../../domain/control/agent-event-state.ts';
import type { UserId } from '../../../domain/identity/ids.ts';
import { controlSubscriberId } from '../../../domain/multiplexing/subscriber-id.ts';
import type { SubscriberDirectory } from '../../ports/multiplexing/subscriber-directory.ts';
import { PortError } from '../../ports/port-error.ts';
import type { LivingNodes } from '../living-nodes.ts';
import { type DecisionDeps, decideReview } from './decide-review.ts';
import { findReview } from './find-review.ts';

/** Longest comment on a decision, in characters. */
export const MAX_COMMENT_CHARACTERS = 2_000;
/** How often a decision is made anew because the event was changed meanwhile. */
const MAX_DECISIONS = 16;

interface Deps extends DecisionDeps {
  readonly directory: Pick<SubscriberDirectory, 'find'>;
  readonly nodes: Pick<LivingNodes, 'isThis' | 'isElsewhere'>;
}

interface Command {
  readonly reviewId: string;
  readonly decision: 'approved' | 'rejected';
  readonly comment?: string;
  readonly by: UserId;
  readonly requestId: string;
}

/** What came of a decision. */
export interface ResolvedReview {
  readonly event: AgentEventState;
  /** Nobody of the agent's is connected: the decision waits for him. */
  readonly isAway: boolean;
}

/** Takes a person's decision about what an agent wants to do. Of any number of decisions at once one is the decision. */
export class ResolveReview {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /**
   * @throws DomainError `review.not_found`, `review.already_resolved`, also once its deadline has come: nothing is
   *   approved after that. PortError of the store.
   */
  async execute(command: Command): Promise<ResolvedReview> {
    const { decision, comment, by, requestId } = command;
    for (let attempt = 0; attempt < MAX_DECISIONS; attempt += 1) {
      const found = await findReview(this.#deps.store, command.reviewId);
      if (await this.#isTooLate(found)) throw alreadyResolved('expired');
      const resolution = { decision, by, ...(comment === undefined ? {} : { comment }) };
      const event = await decideReview(this.#deps, found, resolution, { actor: by, requestId });
      if (event !== undefined) return { event, isAway: await this.#isAway(event) };
    }
    throw new PortError('conflict', 'store', 'others changed the event at the same time');
  }

  /** What is overdue has been decided by the clock, even if nobody has written it down yet. */
  async #isTooLate(found: AgentEventState): Promise<boolean> {
    const { clock } = this.#deps;
    if (!AgentEvent.restore(found).isOverdueAt(clock.nowMs())) return false;
    await decideReview(this.#deps, found, { decision: 'expired' }, { actor: 'system' });
    return true;
  }

  /** A store that cannot say where the agent is takes nothing from the decision. */
  async #isAway(event: AgentEventState): Promise<boolean> {
    try {
      for (const node of await this.#nodesOf(event)) if (await this.#isAlive(node)) return false;
      return true;
    } catch {
      return false;
    }
  }

  /** The nodes that connections of the agent's are at: that of the event, and those of its session. */
  async #nodesOf({ origin, owner, sessionId }: AgentEventState): Promise<readonly string[]> {
    const route = await this.#deps.directory.find(controlSubscriberId(sessionId));
    const holders = route?.owner === owner ? route.holders : [];
    return [...(origin === undefined ? [] : [origin.node]), ...holders.map(({ node }) => node)];
  }

  async #isAlive(node: string): Promise<boolean> {
    const { nodes } = this.#deps;
    return nodes.isThis(node) || (await nodes.isElsewhere(node));
  }
}
