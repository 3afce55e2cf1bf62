import type { LivePolicies } from '../../../application/control/live-policies.ts';
import type { EventClaims } from '../../../domain/control/agent-event-state.ts';
import { type ControlPolicy, isSamePolicy } from '../../../domain/control/control-policy.ts';
import type { VerdictContent } from '../../../domain/control/dispatch.ts';
import { policyForEvent } from '../../../domain/control/policy-book.ts';
import { verdictForConnection } from '../../../domain/control/verdict-for-connection.ts';
import type { AgentLine } from './agent-line.ts';
import type { PolicySnapshot } from './agent-wire.ts';

/** What one agent is told, each time by the policy that holds then and the one that it was told last. */
export class AgentVoice {
  readonly #policies: LivePolicies;
  readonly #line: AgentLine;
  readonly #profile: string | undefined;
  #told: ControlPolicy;

  constructor(deps: {
    readonly policies: LivePolicies;
    readonly line: AgentLine;
    /** The agent profile that the key is bound to. */
    readonly profile: string | undefined;
  }) {
    this.#policies = deps.policies;
    this.#line = deps.line;
    this.#profile = deps.profile;
    this.#told = deps.policies.of(deps.profile);
  }

  /** Whether the agent goes by the policy that holds now. */
  get isUpToDate(): boolean {
    return isSamePolicy(this.#told, this.#policies.of(this.#profile));
  }

  /** Acknowledges a login, with the policy. */
  acknowledge(source: string): 'sent' | 'full' {
    this.#told = this.#policies.of(this.#profile);
    return this.#line.send({ kind: 'login_ack', policy: snapshotOf(this.#told), source });
  }

  /** Tells the verdict on an event, by the stricter policy where the event names an agent that has its own. */
  tell(verdict: VerdictContent, claims: EventClaims, sessionId: string): 'sent' | 'full' {
    const now = policyForEvent(this.#policies.book, this.#profile, claims.agentId);
    const { code, status, continueExecution } = verdictForConnection(verdict, { now, told: this.#told });
    return this.#line.send({
      kind: 'verdict',
      eventId: claims.eventId,
      sessionId,
      madCode: code,
      policy: snapshotOf(now),
      status,
      ...(continueExecution === undefined ? {} : { continueExecution }),
    });
  }
}

const snapshotOf = (policy: ControlPolicy): PolicySnapshot => ({
  mode: policy.mode,
  policyM0: policy.m0,
  policyM2: policy.m2,
  policyM3: policy.m3,
  policyM4: policy.m4,
  failClosedOnClassifierError: policy.failClosedOnClassifierError,
});
