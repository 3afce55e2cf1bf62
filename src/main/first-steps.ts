import type { Container } from 'inversify';
import type { FirstAccount } from '../application/identity/ensure-first-accounts.ts';
import type { Config } from './config.ts';
import { grantDemoCredit } from './demo-credit.ts';
import { isLoopback } from './network-address.ts';
import { OperatorError } from './operator-error.ts';
import type { ServiceName } from './service-name.ts';
import { ENSURE_FIRST_ACCOUNTS } from './tokens/identity.ts';
import { RECOVER_STREAMS } from './tokens/streaming.ts';
import { CLOCK, LEDGER, PRINCIPAL_DIRECTORY, USERS } from './tokens.ts';

/** The accounts whose passwords the console tells. */
export interface TellableAccounts {
  readonly generated?: FirstAccount;
  readonly demo: readonly FirstAccount[];
}

/**
 * Makes the stores fit to serve: ends what an earlier run left open, and sees to the first accounts.
 *
 * @throws OperatorError when a demo account would be served beyond this machine.
 */
export async function prepareStores(
  container: Container,
  running: readonly ServiceName[],
  config: Config,
): Promise<TellableAccounts> {
  if (running.includes('chat')) await container.get(RECOVER_STREAMS).execute();
  if (!running.includes('auth')) return { demo: [] };
  await refuseOpenDemo(container, config);
  const accounts = await container.get(ENSURE_FIRST_ACCOUNTS).execute({ demo: config.demo });
  if (running.includes('accounting')) {
    const [ledger, directory, clock] = [
      container.get(LEDGER),
      container.get(PRINCIPAL_DIRECTORY),
      container.get(CLOCK),
    ];
    await grantDemoCredit(accounts.demo, { ledger, directory, clock });
  }
  return accounts;
}

/** Demo accounts have known passwords: a store that holds one is served to this machine alone. */
async function refuseOpenDemo(container: Container, { host, trustedProxy, data }: Config): Promise<void> {
  if (isLoopback(host) && trustedProxy.length === 0) return;
  if (!(await container.get(USERS).hasMark('demo'))) return;
  throw new OperatorError(
    2,
    `The store in ${data} holds demo accounts with known passwords; change or disable them (holdfast user password NAME) before it is served beyond this machine.`,
  );
}
