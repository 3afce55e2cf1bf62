import { InvalidArgumentError, Option } from 'commander';
import {
  MAX_RATE,
  MAX_SECONDS,
  MAX_SESSIONS,
  MAX_SIZE_BYTES,
  MIN_SIZE_BYTES,
} from '../../adapters/inbound/cli/mux/mux-options.ts';
import { environmentVariable } from '../config.ts';
import { type AddressFlags, addAddressFlags, addressOptions } from './client-flags.ts';
import { type CommandLine, example } from './command-line.ts';

interface Flags extends AddressFlags {
  readonly sessions: number;
  readonly kind?: 'echo' | 'chat';
  readonly rate: number;
  readonly size: number;
  readonly seconds: number;
  readonly flood?: true;
  readonly user?: string;
  readonly passwordFile?: string;
  readonly json?: true;
}

const wholeNumber =
  (least: number, most: number) =>
  (text: string): number => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`It takes a whole number from ${least} to ${most}.`);
  };

/** `holdfast mux`: many sessions over a few WebSockets, and how each of them does. */
export function registerMux({ program, run }: CommandLine): void {
  const command = program
    .command('mux')
    .summary('open many sessions over a few WebSockets, and see how each does')
    .description(
      'Opens sessions over multiplexed connections to a Holdfast server and keeps them at work: shows the rate, the queues and the windows of each, live, and what it came to. They come back from every cut of the connection.',
    )
    .option('--sessions <n>', 'How many.', wholeNumber(1, MAX_SESSIONS), 10)
    .addOption(
      new Option(
        '--kind <kind>',
        'Of which kind: echo sends what comes back as it went, chat asks in new chats (and spends credit). Echo, where the server has it, unless said.',
      ).choices(['echo', 'chat']),
    )
    .option('--rate <n>', 'Messages a second of each echo session.', wholeNumber(1, MAX_RATE), 10)
    .option('--size <bytes>', 'Length of each message.', wholeNumber(MIN_SIZE_BYTES, MAX_SIZE_BYTES), 64)
    .option('--seconds <n>', 'For how long.', wholeNumber(1, MAX_SECONDS), 10)
    .option(
      '--flood',
      'In the second half one more session, on the same connection, sends twelve times what it may. Exit code 1 when another one feels it.',
    )
    .option(
      '--user <name>',
      'Who you are; unless said, whoever HOLDFAST_API_KEY is of, else on loopback the demo user.',
    )
    .option(
      '--password-file <file>',
      'File with the password; HOLDFAST_PASSWORD is read, else it is asked for.',
    )
    .option('--json', 'One JSON document a second on stdout, and one with the summary.')
    .addHelpText('after', example('holdfast mux --sessions 50', 'holdfast mux --flood --seconds 20'));
  addAddressFlags(command).action(
    run(async (flags: Flags) => {
      const { runMux } = await import('../../adapters/inbound/cli/mux/run-mux.ts');
      const { systemIo } = await import('./command-io.ts');
      const { sessions, kind, rate, size, seconds, flood = false, json = false } = flags;
      const password = environmentVariable('HOLDFAST_PASSWORD');
      const apiKey = environmentVariable('HOLDFAST_API_KEY');
      const who = { user: flags.user, passwordFile: flags.passwordFile, password, apiKey };
      const load = { sessions, kind, rate, size, seconds, flood, json };
      return runMux({ ...addressOptions(flags), ...who, ...load }, systemIo());
    }),
  );
}
