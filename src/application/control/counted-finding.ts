import { type ControlPolicy, isEnabled } from '../../domain/control/control-policy.ts';
import { severityOf } from '../../domain/control/mad-code.ts';
import type { Finding } from '../ports/control/event-classifier.ts';

/** From here on what is known of an event is dangerous, whatever else there is to it. */
const DANGEROUS = 3;

/**
 * What an event counts as of which only a part could be found out. What the policy halts for is that, though more could
 * not be found out; what it lets pass is unclassified where it fails closed, because the event may be worse.
 */
export function countedFinding(finding: Finding, policy: ControlPolicy): Finding {
  if (finding.kind !== 'error' || finding.known === undefined) return finding;
  const { known } = finding;
  if (isEnabled(policy, known.code)) return known;
  const isDanger = severityOf(known.code) >= DANGEROUS;
  return isDanger && !policy.failClosedOnClassifierError ? known : finding;
}
