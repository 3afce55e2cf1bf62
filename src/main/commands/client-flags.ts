import type { Command } from 'commander';

/** Addresses as the flags of a command that talks to a server name them. */
export interface AddressFlags {
  readonly url?: string;
  readonly auth?: string;
  readonly accounting?: string;
  readonly chat?: string;
}

/** Adds the flags that say where the server is. */
export function addAddressFlags(command: Command): Command {
  return command
    .option(
      '--url <url>',
      'One address that answers for all three services (default: http://127.0.0.1:3002).',
    )
    .option('--auth <url>', 'Where auth is.')
    .option('--accounting <url>', 'Where accounting is.')
    .option('--chat <url>', 'Where chat is.');
}

/** The addresses under the names that the commands know. */
export const addressOptions = ({ url, auth, accounting, chat }: AddressFlags) => ({
  url,
  authUrl: auth,
  accountingUrl: accounting,
  chatUrl: chat,
});
