import { type Command, InvalidArgumentError, Option } from 'commander';
import type { ReviewsAct } from '../../adapters/inbound/cli/reviews/reviews-options.ts';
import { environmentVariable } from '../config.ts';
import { type AddressFlags, addAddressFlags, addressOptions } from './client-flags.ts';
import { type CommandLine, example } from './command-line.ts';

interface Flags extends AddressFlags {
  readonly user?: string;
  readonly passwordFile?: string;
  readonly json?: true;
}
interface ListFlags extends Flags {
  readonly status: string;
  readonly limit: number;
}
interface DecideFlags extends Flags {
  readonly comment?: string;
}

/** Most reviews of one list. */
const MAX_LISTED = 10_000;

/** `holdfast reviews …`: what agents ask persons, and what these answer. */
export function registerReviews({ program, run }: CommandLine): void {
  const reviews = program
    .command('reviews')
    .summary('see what agents ask persons, and decide it')
    .description(
      "Shows what agents want to do that a person has to decide, and decides it, through a Holdfast server. It takes a supervisor's or an admin's own login, never an API key.",
    )
    .addHelpText('after', example('holdfast reviews', 'holdfast reviews watch --user ann'));
  const add = (name: string, description: string, shown: string, isDefault = false): Command =>
    addAddressFlags(
      reviews
        .command(name, { isDefault })
        .description(description)
        .option('--user <name>', 'Who you are; on loopback the demo supervisor unless said.')
        .option(
          '--password-file <file>',
          'File with the password; HOLDFAST_PASSWORD is read, else it is asked for.',
        )
        .option('--json', 'JSON on stdout: one document, or one a line where there are several acts.')
        .addHelpText('after', example(`holdfast reviews ${shown}`)),
    );

  add('list', 'Lists reviews, newest first.', 'list --status rejected', true)
    .addOption(
      new Option('--status <status>', 'Which of them.')
        .choices(['pending', 'approved', 'rejected', 'expired', 'all'])
        .default('pending'),
    )
    .option('--limit <n>', 'At most so many.', limitOf, 100)
    .action(
      run(({ status, limit, ...flags }: ListFlags) =>
        perform(flags, { kind: 'list', status: status === 'all' ? undefined : status, limit }),
      ),
    );
  add('show', 'Shows one review whole, with the conversation before it.', 'show rev-…')
    .argument('<id>', 'The first word of a line of the list.')
    .action(run((id: string, flags: Flags) => perform(flags, { kind: 'show', id })));
  for (const [decision, description] of [
    ['approve', 'Lets the agent go on.'],
    ['reject', 'Stops the agent.'],
  ] as const) {
    add(decision, description, `${decision} rev-… --comment "known host"`)
      .argument('<id...>', 'The first words of lines of the list.')
      .option('--comment <text>', 'Why; it is kept with the decision.')
      .action(
        run((ids: string[], { comment, ...flags }: DecideFlags) =>
          perform(flags, { kind: 'decide', decision, ids, comment }),
        ),
      );
  }
  add(
    'watch',
    'Shows what is asked as it is asked. On a terminal each is decided by a key; into a pipe every change is a line.',
    'watch',
  ).action(run((flags: Flags) => perform(flags, { kind: 'watch' })));
}

async function perform(flags: Flags, act: ReviewsAct): Promise<number> {
  const { runReviews } = await import('../../adapters/inbound/cli/reviews/run-reviews.ts');
  const { systemIo } = await import('./command-io.ts');
  const { user, passwordFile, json } = flags;
  const password = environmentVariable('HOLDFAST_PASSWORD');
  return runReviews({ ...addressOptions(flags), user, passwordFile, password, json, act }, systemIo());
}

function limitOf(text: string): number {
  const limit = Number(text);
  if (/^\d+$/.test(text) && limit >= 1 && limit <= MAX_LISTED) return limit;
  throw new InvalidArgumentError(`It is a number from 1 to ${MAX_LISTED}.`);
}
