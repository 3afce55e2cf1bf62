import { Command, InvalidArgumentError } from 'commander';

/** A whole number of at least 1, as an option takes it. @throws InvalidArgumentError for anything else. */
export function wholeNumber(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new InvalidArgumentError('It takes a whole number of at least 1.');
}

/**
 * The options of a run that `npm run <script>` starts. Whoever asks for help gets it; wrong use is told in a sentence and
 * ends the process with 2. Whoever stops the run stops the servers that it has started.
 */
export function longRun(script: string, description: string): Command {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));
  return new Command(`npm run ${script} --`)
    .description(description)
    .showHelpAfterError(`(npm run ${script} -- --help tells what there is)`)
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2));
}
