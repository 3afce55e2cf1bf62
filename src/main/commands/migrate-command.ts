import { loadConfig } from '../config.ts';
import { ConfigError } from '../configuration/config-error.ts';
import { type CommandLine, example } from './command-line.ts';
import { addStoreFlags, type StoreFlags, storeFlagValues } from './store-flags.ts';

interface Flags extends StoreFlags {
  readonly auditKeyFile?: string;
  readonly json?: true;
}

/** `holdfast migrate`: moves an embedded store to MongoDB. */
export function registerMigrate({ program, run }: CommandLine): void {
  const migrate = program
    .command('migrate')
    .summary('move the store of a data folder to MongoDB')
    .description(
      'Copies everything that is in a data folder, which no server may be running on, to an empty database, proves both and compares them. It can be interrupted at any time: the same command goes on. The folder is not served any more from its begin, the database not before its end.',
    );
  addStoreFlags(migrate, 'The empty database of a MongoDB that the store moves to')
    .option(
      '--audit-key-file <file>',
      'Key of the audit log (env: HOLDFAST_AUDIT_KEY_FILE, default: audit-key in the data folder).',
    )
    .option('--json', 'One JSON document on stdout.')
    .addHelpText(
      'after',
      example('holdfast migrate --data /var/lib/holdfast --mongodb-url-file ./mongodb-url'),
    )
    .action(run(move));
}

async function move(flags: Flags): Promise<number> {
  const config = await loadConfig({
    asNode: false,
    flags: {
      ...storeFlagValues(flags),
      ...(flags.auditKeyFile === undefined ? {} : { 'audit.keyFile': flags.auditKeyFile }),
    },
  });
  const url = config['mongodb.url'];
  if (url === undefined) {
    throw new ConfigError(['--mongodb-url: name the database that the store moves to (env: MONGODB_URL).']);
  }
  const { runMigrate } = await import('../../adapters/inbound/cli/migrate/run-migrate.ts');
  const { withMigration } = await import('../migration.ts');
  const { systemIo } = await import('./command-io.ts');
  const options = { json: flags.json === true, to: String(url) };
  return withMigration(config, url, (migrate) => runMigrate(migrate, options, systemIo()));
}
