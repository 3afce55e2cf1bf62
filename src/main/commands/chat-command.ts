import { environmentVariable } from '../config.ts';
import { type AddressFlags, addAddressFlags, addressOptions } from './client-flags.ts';
import { type CommandLine, example } from './command-line.ts';

interface Flags extends AddressFlags {
  readonly user?: string;
  readonly passwordFile?: string;
  readonly model?: string;
  readonly resume?: string;
  readonly json?: true;
}

/** `holdfast chat`: a conversation in the terminal, or one answer for a pipe. */
export function registerChat({ program, run }: CommandLine): void {
  const command = program
    .command('chat')
    .argument('[question]', 'Answered once, on stdout alone; without it the command talks.')
    .summary('talk with a model through a server')
    .description('Talks with a model through a Holdfast server, through every cut of the connection.')
    .option(
      '--user <name>',
      'Who you are; unless said, whoever HOLDFAST_API_KEY is of, else on loopback the demo user.',
    )
    .option(
      '--password-file <file>',
      'File with the password; HOLDFAST_PASSWORD is read, else it is asked for.',
    )
    .option('--model <id>', 'Model to ask.')
    .option('--resume <chat>', 'Go on with this chat in place of a new one.')
    .option('--json', 'One JSON document an answer on stdout.')
    .addHelpText('after', example('holdfast chat', 'holdfast chat "How does a stream resume?" > answer.txt'));
  addAddressFlags(command).action(
    run(async (question: string | undefined, flags: Flags) => {
      const { runChat } = await import('../../adapters/inbound/cli/chat/run-chat.ts');
      const { systemIo } = await import('./command-io.ts');
      const { user, passwordFile, model, resume, json } = flags;
      const password = environmentVariable('HOLDFAST_PASSWORD');
      const apiKey = environmentVariable('HOLDFAST_API_KEY');
      const who = { user, passwordFile, password, apiKey };
      return runChat({ ...addressOptions(flags), ...who, question, model, chatId: resume, json }, systemIo());
    }),
  );
}
