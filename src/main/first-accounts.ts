import type { Container } from 'inversify';
import { PortError } from '../application/ports/port-error.ts';
import type { FirstAccount } from '../domain/identity/demo-accounts.ts';
import { grantDemoCredit } from './demo-credit.ts';
import type { ServiceName } from './service-name.ts';
import { ENSURE_FIRST_ACCOUNTS } from './tokens/identity.ts';
import { CLOCK, LEDGER, LOG, PRINCIPAL_DIRECTORY } from './tokens.ts';

/** The accounts whose passwords the console tells. */
export interface TellableAccounts {
  readonly generated?: FirstAccount;
  readonly demo: readonly FirstAccount[];
}

/**
 * Sees to the first accounts. A start does this last: a password that it makes is told once, and a start that
 * failed after making one, at a port in use say, would leave an admin whose password nobody has read.
 */
export async function firstAccounts(
  container: Container,
  running: readonly ServiceName[],
  { demo }: { readonly demo: boolean },
): Promise<TellableAccounts> {
  if (!running.includes('auth')) return { demo: [] };
  const accounts = await container.get(ENSURE_FIRST_ACCOUNTS).execute({ demo });
  if (running.includes('accounting')) {
    const [ledger, directory, clock] = [
      container.get(LEDGER),
      container.get(PRINCIPAL_DIRECTORY),
      container.get(CLOCK),
    ];
    await grantDemoCredit(accounts.demo, { ledger, directory, clock }).catch((error: unknown) => {
      // A store that can only be read, on a full disk say, is served as far as that goes.
      if (!(error instanceof PortError)) throw error;
      container
        .get(LOG)
        .warn({ err: error }, 'demo credit that was not given yet is given at the next start');
    });
  }
  return accounts;
}
