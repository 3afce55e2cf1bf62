import type { Command } from 'commander';
import { environmentVariable, requireCheckedTls } from '../config.ts';

/** Addresses as the flags of a command that talks to a server name them. */
export interface AddressFlags {
  readonly url?: string;
  readonly auth?: string;
  readonly accounting?: string;
  readonly chat?: string;
}

/** Adds the flags that say where the server is and who vouches for it. */
export function addAddressFlags(command: Command): Command {
  return command
    .option(
      '--url <url>',
      'One address that answers for all three services (default: http://127.0.0.1:3002).',
    )
    .option('--auth <url>', 'Where auth is.')
    .option('--accounting <url>', 'Where accounting is.')
    .option('--chat <url>', 'Where chat is.')
    .option(
      '--ca-file <file>',
      'Certificates of private CAs that vouch for the server, beside the public ones (env: HOLDFAST_TLS_CA_FILE).',
    )
    .hook('preAction', (_, called) => prepareTls(called.opts<{ caFile?: string }>().caFile));
}

/** Certificates are always checked; whoever runs a CA of his own names it. */
async function prepareTls(flag: string | undefined): Promise<void> {
  requireCheckedTls();
  const file = flag ?? environmentVariable('HOLDFAST_TLS_CA_FILE');
  if (file === undefined) return;
  const { readPrivateCas, trustPrivateCas } = await import('../tls/outgoing-tls.ts');
  trustPrivateCas(readPrivateCas(file, flag === undefined ? 'HOLDFAST_TLS_CA_FILE' : '--ca-file'));
}

/** The addresses under the names that the commands know. */
export const addressOptions = ({ url, auth, accounting, chat }: AddressFlags) => ({
  url,
  authUrl: auth,
  accountingUrl: accounting,
  chatUrl: chat,
});
