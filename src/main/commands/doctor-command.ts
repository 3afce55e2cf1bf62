import { loadConfig } from '../config.ts';
import { type CommandLine, example } from './command-line.ts';

/** `holdfast doctor`: proves that the store's books and streams add up. */
export function registerDoctor({ program, run }: CommandLine): void {
  program
    .command('doctor')
    .summary("prove that the store's books and streams add up")
    .description(
      'Looks at every row of the store, also beside a running server, and names each that breaks a promise.',
    )
    .option('--data <dir>', 'Data folder of the server (env: HOLDFAST_DATA, default: ./data).')
    .option('--json', 'One JSON document on stdout.')
    .addHelpText('after', example('holdfast doctor --data /var/lib/holdfast'))
    .action(
      run(async (flags: { readonly data?: string; readonly json?: true }) => {
        const { data } = await loadConfig({ flags: flags.data === undefined ? {} : { data: flags.data } });
        const { runDoctor } = await import('../../adapters/inbound/cli/doctor/run-doctor.ts');
        const { SqliteStoreInspection } = await import(
          '../../adapters/outbound/sqlite/inspection/sqlite-store-inspection.ts'
        );
        const { DiagnoseStore } = await import('../../application/doctor/diagnose-store.ts');
        const { systemIo } = await import('./command-io.ts');
        const io = systemIo();
        const diagnose = new DiagnoseStore({
          inspection: new SqliteStoreInspection(data),
          digest: io.digest,
        });
        return runDoctor(diagnose, { json: flags.json === true }, io);
      }),
    );
}
