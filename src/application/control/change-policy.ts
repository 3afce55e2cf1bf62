import type { AuditRecord } from '../../domain/audit/audit-record.ts';
import { type ControlPolicy, isSamePolicy } from '../../domain/control/control-policy.ts';
import {
  overrideOf,
  type PolicyBook,
  policyOf,
  withOverride,
  withoutOverride,
  withPolicy,
} from '../../domain/control/policy-book.ts';
import type { UserId } from '../../domain/identity/ids.ts';
import type { PolicyStore } from '../ports/control/policy-store.ts';
import type { FleetBus } from '../ports/fleet/fleet-bus.ts';
import { PortError } from '../ports/port-error.ts';
import type { LivePolicies } from './live-policies.ts';

/** How often a change is made anew because another came first. */
const MAX_CHANGES = 16;

interface Deps {
  readonly store: PolicyStore;
  readonly policies: Pick<LivePolicies, 'load'>;
  readonly bus: Pick<FleetBus, 'tellControl'>;
}

/** Whose policy, what it is to be, and who says so. */
interface Command {
  /** The agent whose own policy it is; undefined for that of all. */
  readonly agentId?: string;
  /** Undefined takes an agent's own policy from it. */
  readonly policy?: ControlPolicy;
  readonly by: UserId;
  readonly requestId: string;
}

/** The policy of one agent as it holds now. */
export interface AgentPolicy {
  readonly policy: ControlPolicy;
  /** Whether it is the agent's own; else it is that of all. */
  readonly isOwn: boolean;
}

/** Decides what becomes of agents' events, for all of them or for one. */
export class ChangePolicy {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** @throws PortError of the store. */
  read(): Promise<PolicyBook> {
    return this.#deps.store.read();
  }

  /** @throws PortError of the store. */
  async readOf(agentId: string): Promise<AgentPolicy> {
    return agentPolicyOf(await this.read(), agentId);
  }

  /**
   * Holds from when it resolves on, on every node that hears of it; nothing is written when it holds already.
   *
   * @returns the book as it is then.
   * @throws DomainError `request.invalid` when nobody could keep such a policy, or too many agents have their own;
   *   PortError of the store.
   */
  async execute(command: Command): Promise<PolicyBook> {
    const { store, policies, bus } = this.#deps;
    for (let change = 0; change < MAX_CHANGES; change += 1) {
      const book = await store.read();
      const next = changed(book, command);
      if (next === undefined) return book;
      const written = await store.write(next, [recordOf(book, next, command)]);
      if (written === 'outdated') continue;
      bus.tellControl({ kind: 'policy' });
      // This node need not wait for the word of it; if the book cannot be read now, it hears like the others.
      await policies.load().catch(() => undefined);
      return next;
    }
    throw new PortError('conflict', 'store', 'others changed the policy at the same time');
  }
}

/** What an agent goes by. */
export const agentPolicyOf = (book: PolicyBook, agentId: string): AgentPolicy => ({
  policy: policyOf(book, agentId),
  isOwn: overrideOf(book, agentId) !== undefined,
});

/** The book with the change; undefined when it changes nothing. */
function changed(book: PolicyBook, { agentId, policy }: Command): PolicyBook | undefined {
  if (agentId === undefined) {
    return policy === undefined || isSamePolicy(book.policy, policy) ? undefined : withPolicy(book, policy);
  }
  if (policy === undefined) return withoutOverride(book, agentId);
  const own = overrideOf(book, agentId);
  return own !== undefined && isSamePolicy(own, policy) ? undefined : withOverride(book, agentId, policy);
}

function recordOf(before: PolicyBook, after: PolicyBook, { agentId, by, requestId }: Command): AuditRecord {
  const told = (book: PolicyBook): string => {
    if (agentId === undefined) return textOf(book.policy);
    const own = overrideOf(book, agentId);
    return own === undefined ? 'none' : textOf(own);
  };
  return {
    act: agentId === undefined ? 'policy.changed' : 'policy.agent_changed',
    outcome: 'done',
    actor: by,
    requestId,
    ...(agentId === undefined ? {} : { object: agentId }),
    facts: { from: told(before), to: told(after), version: after.version },
  };
}

/** A policy in a few words, such as `hitl m3 m4 fail-closed`. */
const textOf = ({ mode, m0, m2, m3, m4, failClosedOnClassifierError }: ControlPolicy): string =>
  [
    mode,
    ...Object.entries({ m0, m2, m3, m4, 'fail-closed': failClosedOnClassifierError })
      .filter(([, isOn]) => isOn)
      .map(([name]) => name),
  ].join(' ');
