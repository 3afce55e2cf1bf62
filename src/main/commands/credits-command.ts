import type { Command } from 'commander';
import { UsageError } from '../../adapters/inbound/cli/client/failures.ts';
import { safeText } from '../../adapters/inbound/cli/client/safe-text.ts';
import { MAX_GRANT_DAYS } from '../../domain/accounting/credit-grant.ts';
import { type CommandLine, example } from './command-line.ts';

interface Flags {
  readonly data?: string;
  readonly json?: true;
}
interface GrantFlags extends Flags {
  readonly expiryDays?: string;
  readonly notes?: string;
}

/** `holdfast credits …`: the accounts' credit, from the machine that the store is on. */
export function registerCredits({ program, run }: CommandLine): void {
  const credits = program
    .command('credits')
    .summary('give credit to accounts, and show what they have')
    .description('Works on the store of this machine: through the server that runs on it, or by opening it.')
    .addHelpText(
      'after',
      example('holdfast credits grant ann 25 --notes "June"', 'holdfast credits show ann'),
    );
  const add = (name: string, description: string, shown: string): Command =>
    credits
      .command(name)
      .description(description)
      .argument('<user>', 'Username or id.')
      .option('--data <dir>', 'Data folder of the server (env: HOLDFAST_DATA, default: ./data).')
      .option('--json', 'One JSON document on stdout.')
      .addHelpText('after', example(`holdfast credits ${shown}`));

  add('grant', 'Gives credit, which expires.', 'grant ann 25 --expiry-days 90')
    .argument('<amount>', 'Credits, with at most six decimal places.')
    .option('--expiry-days <days>', 'Days until it expires (default: 30).')
    .option('--notes <text>', 'Why; kept in the journal.')
    .action(run(grant));
  add('show', 'Shows what an account has.', 'show ann --json').action(run(show));
}

async function grant(user: string, amount: string, flags: GrantFlags): Promise<number> {
  const { callOperator, storeOf } = await import('./operator-call.ts');
  const { expiryDays, notes } = flags;
  const input = {
    user,
    credits: amountFrom(amount),
    ...(expiryDays === undefined ? {} : { expiryDays: daysFrom(expiryDays) }),
    ...(notes === undefined ? {} : { notes }),
  };
  const given = await callOperator(await storeOf(flags), 'credits.grant', input);
  const { expiresAtMs, ...facts } = given;
  const expiresAt = timeText(expiresAtMs);
  if (flags.json === true) process.stdout.write(`${JSON.stringify({ ...facts, expiresAt })}\n`);
  else {
    const name = safeText(given.user);
    process.stdout.write(
      `${name} has ${given.credits} credits more until ${expiresAt}, ${given.availableCredits} in all.\n`,
    );
  }
  return 0;
}

async function show(user: string, flags: Flags): Promise<number> {
  const { callOperator, storeOf } = await import('./operator-call.ts');
  const { grants, ...balance } = await callOperator(await storeOf(flags), 'credits.show', { user });
  if (flags.json === true) {
    const shown = grants.map(({ expiresAtMs, ...rest }) => ({ ...rest, expiresAt: timeText(expiresAtMs) }));
    process.stdout.write(`${JSON.stringify({ ...balance, grants: shown })}\n`);
    return 0;
  }
  const held = balance.heldCredits > 0 ? `, ${balance.heldCredits} more held by running answers` : '';
  process.stdout.write(`${safeText(user)} has ${balance.availableCredits} credits${held}.\n`);
  for (const { id, credits, expiresAtMs } of grants) {
    process.stdout.write(`  ${id}  ${credits} until ${timeText(expiresAtMs)}\n`);
  }
  return 0;
}

function amountFrom(written: string): number {
  const credits = /^\d+(\.\d{1,6})?$/.test(written) ? Number(written) : 0;
  if (credits > 0) return credits;
  throw new UsageError(
    `The amount ${written} is none: write a number above 0 with at most six decimal places, such as 25 or 0.5.`,
  );
}

function daysFrom(written: string): number {
  const days = /^\d+$/.test(written) ? Number(written) : 0;
  if (days >= 1 && days <= MAX_GRANT_DAYS) return days;
  throw new UsageError(`--expiry-days takes a whole number from 1 to ${MAX_GRANT_DAYS}, not ${written}.`);
}

const timeText = (atMs: number): string => new Date(atMs).toISOString();
