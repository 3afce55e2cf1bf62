import { InvalidArgumentError } from 'commander';
import { loadConfig } from '../config.ts';
import { type CommandLine, example } from './command-line.ts';

/** Any time that keeps a process alive, in milliseconds. */
const ALIVE_MS = 60_000;

interface Flags {
  readonly data?: string;
  readonly follow?: true;
  readonly json?: true;
  readonly after: number;
}

/** `holdfast audit`: shows who did what. */
export function registerAudit({ program, run }: CommandLine): void {
  program
    .command('audit')
    .summary('show the audit log: who did what, and who was refused')
    .description(
      'Shows the audit log of a store, oldest first, also beside a running server. `holdfast doctor` proves that it is what was written.',
    )
    .option('--data <dir>', 'Data folder of the server (env: HOLDFAST_DATA, default: ./data).')
    .option('--follow', 'Waits for what comes, until Ctrl-C.')
    .option('--after <cursor>', 'Only what comes after this record.', cursorOf, 0)
    .option('--json', 'One JSON document a line on stdout.')
    .addHelpText('after', example('holdfast audit', 'holdfast audit --follow --json --after 1200'))
    .action(run(audit));
}

async function audit(flags: Flags): Promise<number> {
  const { data } = await loadConfig({ flags: flags.data === undefined ? {} : { data: flags.data } });
  const { runAudit } = await import('../../adapters/inbound/cli/audit/run-audit.ts');
  const { SqliteAuditReader } = await import('../../adapters/outbound/sqlite/audit/sqlite-audit-reader.ts');
  const { ReadAudit } = await import('../../application/audit/read-audit.ts');
  const { systemIo } = await import('./command-io.ts');
  const { follow = false, json = false, after } = flags;
  const reader = SqliteAuditReader.open(data);
  // The rest between two looks does not keep a process alive by itself.
  const alive = setInterval(() => undefined, ALIVE_MS);
  try {
    return await runAudit(new ReadAudit({ reader }), { follow, json, after }, systemIo());
  } finally {
    clearInterval(alive);
    reader.close();
  }
}

function cursorOf(text: string): number {
  const cursor = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(cursor)) return cursor;
  throw new InvalidArgumentError('It is a number, as the first word of a line says it.');
}
