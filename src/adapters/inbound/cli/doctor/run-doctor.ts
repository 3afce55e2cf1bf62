import type { DiagnoseStore, Diagnosis } from '../../../../application/doctor/diagnose-store.ts';
import { PortError } from '../../../../application/ports/port-error.ts';
import type { CommandIo } from '../client/command-io.ts';
import { EXIT } from '../client/exit-code.ts';
import { safeText } from '../client/safe-text.ts';
import { Terminal } from '../client/terminal.ts';

/**
 * `holdfast doctor`: proves a store's invariants and names every row that breaks one.
 *
 * With `json` stdout gets one document, `{ok, checked, findings: [{promise, row, problem}], unproven, auditHead?}`; else
 * a line for each finding, `row  promise  problem`, and the summary goes to stderr. What could not be proven is no all
 * clear, unless that was asked for (`leaveUnproven`).
 *
 * @returns the exit code: 0 all promises hold, 1 one is broken or not proven, 3 the store cannot be read.
 */
export async function runDoctor(
  diagnose: DiagnoseStore,
  options: { readonly json: boolean; readonly leaveUnproven: boolean },
  io: CommandIo,
): Promise<number> {
  const terminal = new Terminal(io);
  let diagnosis: Diagnosis;
  try {
    diagnosis = await diagnose.execute();
  } catch (error) {
    if (!(error instanceof PortError)) throw error;
    terminal.say(error.message);
    return EXIT.unreachable;
  }
  const { findings, checked, audit } = diagnosis;
  const { head: auditHead, unproven } = audit;
  const ok = findings.length === 0 && (unproven.length === 0 || options.leaveUnproven);
  if (options.json) {
    await terminal.showJson({ ok, checked, findings, unproven, auditHead });
  } else {
    for (const { row, promise, problem } of findings) {
      // What is looked at may have been written by somebody else.
      if (!(await terminal.show(`${safeText(`${row}  ${promise}  ${problem}`)}\n`))) break;
    }
    terminal.say(summaryOf(diagnosis));
    for (const what of unproven) terminal.say(`Not proven: ${what}.`);
    if (auditHead !== undefined) terminal.say(`The audit log ends at ${auditHead}`);
  }
  return ok ? EXIT.done : EXIT.no;
}

function summaryOf({ findings, checked, audit }: Diagnosis): string {
  const rows = Object.values(checked).reduce((sum, count) => sum + count, 0);
  const holds = audit.unproven.length === 0 ? 'All promises hold' : 'No promise is seen to be broken';
  if (findings.length === 0) return `${holds}: ${rows} rows looked at.`;
  const broken = new Set(findings.map((finding) => finding.row)).size;
  return `${findings.length} promises are broken by ${broken} of ${rows} rows.`;
}
