import { type ChainHead, headFrom } from '../../domain/audit/audit-chain.ts';
import { loadConfig } from '../config.ts';
import { ConfigError } from '../configuration/config-error.ts';
import { type CommandLine, example } from './command-line.ts';
import { addStoreFlags, type StoreFlags, storeFlagValues } from './store-flags.ts';

interface Flags extends StoreFlags {
  readonly json?: true;
  readonly auditKeyFile?: string;
  readonly auditHead?: readonly string[];
  readonly withoutAuditKey?: true;
}

/** `holdfast doctor`: proves that the store's books, streams and audit log are whole. */
export function registerDoctor({ program, run }: CommandLine): void {
  const doctor = program
    .command('doctor')
    .summary("prove that the store's books, streams and audit log are whole")
    .description(
      'Looks at every row of the store, also while servers write to it, and names each that breaks a promise.',
    );
  addStoreFlags(doctor)
    .option(
      '--audit-key-file <file>',
      'Key of the audit log (env: HOLDFAST_AUDIT_KEY_FILE, default: audit-key in the data folder).',
    )
    .option(
      '--audit-head <head>',
      'A head of the audit log as log or metrics told it; that the log was not cut off before it is proven. Repeatable.',
      (head: string, heads: readonly string[] = []) => [...heads, head],
    )
    .option('--without-audit-key', 'Says that the audit key is not here: the audit log stays unproven.')
    .option('--json', 'One JSON document on stdout.')
    .addHelpText(
      'after',
      example('holdfast doctor --data /var/lib/holdfast', 'holdfast doctor --mongodb-url-file ./mongodb-url'),
    )
    .action(run(examine));
}

async function examine(flags: Flags): Promise<number> {
  const settings = await loadConfig({
    asNode: false,
    flags: {
      ...storeFlagValues(flags),
      ...(flags.auditKeyFile === undefined ? {} : { 'audit.keyFile': flags.auditKeyFile }),
    },
  });
  const heads = (flags.auditHead ?? []).map(headOf);
  const { runDoctor } = await import('../../adapters/inbound/cli/doctor/run-doctor.ts');
  const { withInspection } = await import('../store-views.ts');
  const { DiagnoseStore } = await import('../../application/doctor/diagnose-store.ts');
  const { auditAuthenticators } = await import('../audit-keys.ts');
  const { systemIo } = await import('./command-io.ts');
  const io = systemIo();
  const leaveUnproven = flags.withoutAuditKey === true;
  const keys = leaveUnproven ? [] : auditAuthenticators(settings);
  return withInspection(settings, (inspection) => {
    const diagnose = new DiagnoseStore({ inspection, digest: io.digest, audit: { keys, heads } });
    return runDoctor(diagnose, { json: flags.json === true, leaveUnproven }, io);
  });
}

function headOf(word: string): ChainHead {
  const head = headFrom(word);
  if (head === undefined) {
    throw new ConfigError([
      `--audit-head ${word} is no head: it looks like <chain>.<number>.<64 hexadecimal digits>.`,
    ]);
  }
  return head;
}
