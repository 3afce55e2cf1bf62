import { InvalidArgumentError } from 'commander';
import { loadConfig } from '../config.ts';
import { type CommandLine, example } from './command-line.ts';
import { addStoreFlags, type StoreFlags, storeFlagValues } from './store-flags.ts';

/** Any time that keeps a process alive, in milliseconds. */
const ALIVE_MS = 60_000;

interface Flags extends StoreFlags {
  readonly follow?: true;
  readonly json?: true;
  readonly after: number;
}

/** `holdfast audit`: shows who did what. */
export function registerAudit({ program, run }: CommandLine): void {
  const audit = program
    .command('audit')
    .summary('show the audit log: who did what, and who was refused')
    .description(
      'Shows the audit log of a store, oldest first, also while servers write to it. `holdfast doctor` proves that it is what was written.',
    );
  addStoreFlags(audit)
    .option('--follow', 'Waits for what comes, until Ctrl-C.')
    .option('--after <cursor>', 'Only what comes after this record.', cursorOf, 0)
    .option('--json', 'One JSON document a line on stdout.')
    .addHelpText('after', example('holdfast audit', 'holdfast audit --follow --json --after 1200'))
    .action(run(show));
}

async function show(flags: Flags): Promise<number> {
  const settings = await loadConfig({ asNode: false, flags: storeFlagValues(flags) });
  const { runAudit } = await import('../../adapters/inbound/cli/audit/run-audit.ts');
  const { ReadAudit } = await import('../../application/audit/read-audit.ts');
  const { withAuditReader } = await import('../store-views.ts');
  const { systemIo } = await import('./command-io.ts');
  const { follow = false, json = false, after } = flags;
  // The rest between two looks does not keep a process alive by itself.
  const alive = setInterval(() => undefined, ALIVE_MS);
  try {
    return await withAuditReader(settings, (reader) =>
      runAudit(new ReadAudit({ reader }), { follow, json, after }, systemIo()),
    );
  } finally {
    clearInterval(alive);
  }
}

function cursorOf(text: string): number {
  const cursor = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(cursor)) return cursor;
  throw new InvalidArgumentError('It is a number, as the first word of a line says it.');
}
