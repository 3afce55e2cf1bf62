import { Command, InvalidArgumentError } from 'commander';

/** A whole number of at least 1, as an option takes it. @throws InvalidArgumentError for anything else. */
export function wholeNumber(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new InvalidArgumentError('It takes a whole number of at least 1.');
}

/**
 * The options of a run that `npm run <script>` starts. Whoever asks for help gets it; wrong use is told in a sentence and
 * ends the process with 2.
 */
export function longRun(script: string, description: string): Command {
  return new Command(`npm run ${script} --`)
    .description(description)
    .showHelpAfterError(`(npm run ${script} -- --help tells what there is)`)
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2));
}
