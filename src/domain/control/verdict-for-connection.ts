import { type ControlPolicy, haltCode, isEnabled } from './control-policy.ts';
import type { VerdictContent } from './dispatch.ts';

/** The policies that decide how a verdict is told to one connection. */
export interface ToldPolicies {
  /** The one that holds now, and goes with the verdict. */
  readonly now: ControlPolicy;
  /** The one that the connection was told when it logged in, or since. */
  readonly told: ControlPolicy;
}

/**
 * A verdict as one connection has to be told it. Client families go by different members, so a halt is always said in
 * all of them: no going on, and a code that the connection was told to halt for.
 */
export function verdictForConnection(verdict: VerdictContent, { now, told }: ToldPolicies): VerdictContent {
  const { code, status, continueExecution } = verdict;
  const goesOn = continueExecution ?? (code === '' || !isEnabled(now, code));
  if (goesOn) return verdict;
  const halting = code !== '' && isEnabled(told, code) ? code : (haltCode(told) ?? code);
  return { code: halting, status, continueExecution: false };
}
