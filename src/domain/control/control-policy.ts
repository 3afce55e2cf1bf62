import { DomainError } from '../domain-error.ts';
import { codeOf, type MadCode, SEVERITIES, type Severity, severityOf } from './mad-code.ts';

/** What becomes of verdicts: stored alone, sent to the agent, or held for a person where there is something to stop. */
export type PolicyMode = 'alert' | 'hitl' | 'block';

/** What an operator decides about agents' events. */
export interface ControlPolicy {
  readonly mode: PolicyMode;
  /** Which severities the agent halts for, and a person is asked about. */
  readonly m0: boolean;
  readonly m2: boolean;
  readonly m3: boolean;
  readonly m4: boolean;
  /** Whether an event that could not be classified counts as dangerous. */
  readonly failClosedOnClassifierError: boolean;
}

/** What holds until somebody decides otherwise. */
export const DEFAULT_POLICY: ControlPolicy = {
  mode: 'alert',
  m0: false,
  m2: false,
  m3: true,
  m4: true,
  failClosedOnClassifierError: false,
};

const flagOf = (policy: ControlPolicy, severity: Severity): boolean =>
  ({ 0: policy.m0, 2: policy.m2, 3: policy.m3, 4: policy.m4 })[severity];

/** Whether two policies say the same in everything. */
export const isSamePolicy = (left: ControlPolicy, right: ControlPolicy): boolean =>
  left.mode === right.mode &&
  left.m0 === right.m0 &&
  left.m2 === right.m2 &&
  left.m3 === right.m3 &&
  left.m4 === right.m4 &&
  left.failClosedOnClassifierError === right.failClosedOnClassifierError;

/** Whether an agent under this policy halts for a code. */
export const isEnabled = (policy: ControlPolicy, code: MadCode): boolean => flagOf(policy, severityOf(code));

/**
 * The code that halts an agent under this policy whatever the event was: the most dangerous one that its policy
 * enables, because clients look the code up in the flags that they were given. Undefined when none is.
 */
export function haltCode(policy: ControlPolicy): MadCode | undefined {
  const severity = SEVERITIES.find((candidate) => flagOf(policy, candidate));
  return severity === undefined ? undefined : codeOf(severity);
}

/**
 * Sees to it that a policy can be kept.
 *
 * @throws DomainError `request.invalid` when it fails closed and no code is enabled: nothing could halt an agent then.
 */
export function requireKeepable(policy: ControlPolicy): ControlPolicy {
  if (policy.failClosedOnClassifierError && haltCode(policy) === undefined) {
    const message =
      'A policy that fails closed enables at least one of m0, m2, m3 and m4: no client halts for a code that is off';
    throw new DomainError('request.invalid', message, {
      errors: [{ path: 'failClosedOnClassifierError', message }],
    });
  }
  return policy;
}
