import { environmentVariable } from '../config.ts';
import { type AddressFlags, addAddressFlags, addressOptions } from './client-flags.ts';
import { type CommandLine, example } from './command-line.ts';

interface Flags extends AddressFlags {
  readonly user?: string;
  readonly passwordFile?: string;
  readonly admin?: string;
  readonly adminPasswordFile?: string;
  readonly json?: true;
}

/** `holdfast verify`: walks the whole flow against a running deployment. */
export function registerVerify({ program, run }: CommandLine): void {
  const command = program
    .command('verify')
    .summary('prove every promise against a running deployment')
    .description(
      'Walks the whole flow against a running deployment and ends with exit code 1 at the first broken promise. Leaves nothing behind but journal and audit entries. Takes logins, not an API key: what it proves is about them too.',
    )
    .option('--user <name>', 'The user to walk as; on loopback the demo user unless said.')
    .option('--password-file <file>', "File with the user's password; HOLDFAST_PASSWORD is read too.")
    .option('--admin <name>', 'The admin who gives credit; on loopback the demo admin unless said.')
    .option(
      '--admin-password-file <file>',
      "File with the admin's password; HOLDFAST_ADMIN_PASSWORD is read too.",
    )
    .option('--json', 'One JSON document on stdout in place of the steps.')
    .addHelpText(
      'after',
      example(
        'holdfast verify',
        'holdfast verify --auth https://auth.example.org --accounting https://credit.example.org --chat https://chat.example.org --user ann --admin root',
      ),
    );
  addAddressFlags(command).action(
    run(async (flags: Flags) => {
      const { runVerify } = await import('../../adapters/inbound/cli/verify/run-verify.ts');
      const { systemIo } = await import('./command-io.ts');
      const { user, passwordFile, admin, adminPasswordFile, json } = flags;
      const password = environmentVariable('HOLDFAST_PASSWORD');
      const adminPassword = environmentVariable('HOLDFAST_ADMIN_PASSWORD');
      const who = { user, passwordFile, password, admin, adminPasswordFile, adminPassword };
      return runVerify({ ...addressOptions(flags), ...who, json }, systemIo());
    }),
  );
}
