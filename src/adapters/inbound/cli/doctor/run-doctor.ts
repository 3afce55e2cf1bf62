import type { DiagnoseStore, Diagnosis } from '../../../../application/doctor/diagnose-store.ts';
import { PortError } from '../../../../application/ports/port-error.ts';
import type { CommandIo } from '../client/command-io.ts';
import { EXIT } from '../client/exit-code.ts';
import { Terminal } from '../client/terminal.ts';

/**
 * `holdfast doctor`: proves a store's invariants and names every row that breaks one.
 *
 * With `json` stdout gets one document, `{ok, checked, findings: [{promise, row, problem}]}`; else a line for
 * each finding, `row  promise  problem`, and the summary goes to stderr.
 *
 * @returns the exit code: 0 all promises hold, 1 one is broken, 3 the store cannot be read.
 */
export async function runDoctor(
  diagnose: DiagnoseStore,
  options: { readonly json: boolean },
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
  const { findings, checked } = diagnosis;
  const ok = findings.length === 0;
  if (options.json) {
    await terminal.showJson({ ok, checked, findings });
  } else {
    for (const { row, promise, problem } of findings) {
      if (!(await terminal.show(`${row}  ${promise}  ${problem}\n`))) break;
    }
    terminal.say(summaryOf(diagnosis));
  }
  return ok ? EXIT.done : EXIT.no;
}

function summaryOf({ findings, checked }: Diagnosis): string {
  const rows = Object.values(checked).reduce((sum, count) => sum + count, 0);
  if (findings.length === 0) return `All promises hold: ${rows} rows looked at.`;
  const broken = new Set(findings.map((finding) => finding.row)).size;
  return `${findings.length} promises are broken by ${broken} of ${rows} rows.`;
}
