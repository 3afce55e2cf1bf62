import { type ControlPolicy, haltCode, isEnabled } from './control-policy.ts';
import type { MadCode } from './mad-code.ts';

/** What a classifier came to; an error may be one of its own, or that it took too long. */
export type Classification =
  | { readonly kind: 'classified'; readonly code: MadCode; readonly reason: string }
  | { readonly kind: 'error'; readonly reason: string };

/** What of an event and of the login that it came by decides whether somebody can still stop something. */
export interface Stoppable {
  readonly pairType: 'llm' | 'tool' | 'unspecified';
  readonly toolCalls: number;
  /** What the client calls itself at login. */
  readonly source: string;
}

/** The verdict that goes to an agent. */
export interface VerdictContent {
  /** Empty only where the policy fails open. */
  readonly code: MadCode | '';
  readonly status: 'ok' | 'error';
  /** Said only by a person, or where the policy fails closed; clients without it go by the code. */
  readonly continueExecution?: boolean;
}

/** Why an event waits for a person. */
export type HoldReason = 'code_in_scope' | 'classifier_error';

/** What becomes of a classified event. */
export type Dispatch =
  /** Kept and shown, and not pushed. */
  | { readonly kind: 'store'; readonly verdict: VerdictContent }
  | { readonly kind: 'send'; readonly verdict: VerdictContent }
  /** A person decides; `verdict` is what was found so far. */
  | { readonly kind: 'hold'; readonly reason: HoldReason; readonly verdict: VerdictContent };

/** The source of the editor plug-in, which asks its own user. */
const ASKS_ITS_OWN_USER = 'claude-code';

/** Whether holding an event's verdict can stop anything: a model asks for tools, and its agent waits for an answer. */
export const canBeHeld = (event: Stoppable): boolean =>
  event.pairType === 'llm' && event.toolCalls > 0 && event.source !== ASKS_ITS_OWN_USER;

/** Decides by the policy what becomes of an event. */
export function dispatch(found: Classification, event: Stoppable, policy: ControlPolicy): Dispatch {
  if (found.kind === 'error') return dispatchError(event, policy);
  const verdict: VerdictContent = { code: found.code, status: 'ok' };
  if (policy.mode === 'alert') return { kind: 'store', verdict };
  if (policy.mode === 'hitl' && isEnabled(policy, found.code) && canBeHeld(event)) {
    return { kind: 'hold', reason: 'code_in_scope', verdict };
  }
  return { kind: 'send', verdict };
}

function dispatchError(event: Stoppable, policy: ControlPolicy): Dispatch {
  const halt = policy.failClosedOnClassifierError ? haltCode(policy) : undefined;
  const verdict: VerdictContent =
    halt === undefined
      ? { code: '', status: 'error' }
      : { code: halt, status: 'error', continueExecution: false };
  if (policy.mode === 'alert') return { kind: 'store', verdict };
  if (policy.mode === 'hitl' && halt !== undefined && canBeHeld(event)) {
    return { kind: 'hold', reason: 'classifier_error', verdict };
  }
  return { kind: 'send', verdict };
}

/**
 * The verdict that carries a person's decision. A halt names a code that the policy of now enables, because the client
 * was told that one; where it enables none, what the client hears is the decision alone.
 *
 * @param code what the classifier said; undefined when it failed.
 */
export function decided(
  decision: 'approved' | 'rejected' | 'expired',
  code: MadCode | undefined,
  policy: ControlPolicy,
): VerdictContent {
  const status = code === undefined ? 'error' : 'ok';
  if (decision === 'approved') return { code: code ?? '', status, continueExecution: true };
  const halting = code !== undefined && isEnabled(policy, code) ? code : (haltCode(policy) ?? code ?? '');
  return { code: halting, status, continueExecution: false };
}
