import { Command, CommanderError } from 'commander';
import { EXIT } from '../adapters/inbound/cli/client/exit-code.ts';
import { UsageError } from '../adapters/inbound/cli/client/failures.ts';
import { safeText } from '../adapters/inbound/cli/client/safe-text.ts';
import { isUnread } from '../adapters/inbound/cli/client/terminal.ts';
import { PortError } from '../application/ports/port-error.ts';
import { DomainError } from '../domain/domain-error.ts';
import { registerAudit } from './commands/audit-command.ts';
import { registerChat } from './commands/chat-command.ts';
import { registerCheckConfig } from './commands/check-config-command.ts';
import { registerClassify } from './commands/classify-command.ts';
import type { CommandLine } from './commands/command-line.ts';
import { registerCredits } from './commands/credits-command.ts';
import { registerDoctor } from './commands/doctor-command.ts';
import { registerKeys } from './commands/keys-command.ts';
import { registerMigrate } from './commands/migrate-command.ts';
import { registerMux } from './commands/mux-command.ts';
import { registerReviews } from './commands/reviews-command.ts';
import { registerServe } from './commands/serve-command.ts';
import { registerUser } from './commands/user-command.ts';
import { registerVerify } from './commands/verify-command.ts';
import { ConfigError } from './configuration/config-error.ts';
import { OperatorError } from './operator-error.ts';
import { VERSION } from './version.ts';

/**
 * Runs the command `holdfast`.
 *
 * Returns the exit code: 0 done, 1 the answer is no, 2 wrong usage or configuration, 3 something is out of
 * reach, 130 interrupted by the user.
 */
export async function runCli(args: readonly string[]): Promise<number> {
  dropUnreadOutput();
  let exitCode = 0;
  const program = new Command('holdfast')
    .description(
      'Keeps streaming sessions honest: a stream cannot be forged, hijacked, starved, double-billed or lost.',
    )
    .version(VERSION)
    .exitOverride()
    .configureOutput({
      writeErr: (text) => process.stderr.write(safeText(text)),
      outputError: (text, write) => write(text.replace(/^error: /, 'holdfast: ')),
    });
  const line: CommandLine = {
    program,
    run:
      (action) =>
      async (...given) => {
        exitCode = await action(...given);
      },
  };
  registerServe(line);
  registerChat(line);
  registerMux(line);
  registerVerify(line);
  registerDoctor(line);
  registerAudit(line);
  registerMigrate(line);
  registerUser(line);
  registerKeys(line);
  registerCredits(line);
  registerReviews(line);
  registerClassify(line);
  registerCheckConfig(line);
  nameOwnHelp(program, program.name());
  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    return explain(error);
  }
}

/** Whoever uses a command wrongly is told of that command's own help. */
function nameOwnHelp(command: Command, path: string): void {
  command.showHelpAfterError(`(${path} --help tells what there is)`);
  for (const inner of command.commands) nameOwnHelp(inner, `${path} ${inner.name()}`);
}

/** Output that nobody takes any more is no failure of a command, nor the end of a server: what is left of it is dropped. */
function dropUnreadOutput(): void {
  for (const output of [process.stdout, process.stderr]) {
    output.on('error', (error) => {
      if (!isUnread(error)) throw error;
    });
  }
}

/** Says one sentence; what it repeats of an argument, a file or a server draws nothing on the terminal. */
function say(sentence: string): void {
  process.stderr.write(`holdfast: ${safeText(sentence)}\n`);
}

/** Says what went wrong in sentences, and finds the exit code for it. */
function explain(error: unknown): number {
  // Commander has already said what was wrong, or shown the help that was asked for.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT.usage;
  if (error instanceof ConfigError) {
    for (const problem of error.problems) say(problem);
    return EXIT.usage;
  }
  if (error instanceof DomainError || error instanceof UsageError) {
    say(error.message);
    return error instanceof UsageError ? EXIT.usage : EXIT.no;
  }
  if (error instanceof OperatorError) {
    say(error.message);
    return error.exitCode;
  }
  if (error instanceof PortError) {
    say(`The ${error.dependency} is out of reach: ${error.message.replace(/\.$/, '')}.`);
    return EXIT.unreachable;
  }
  throw error;
}
