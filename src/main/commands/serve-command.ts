import { loadConfig } from '../config.ts';
import { type CommandLine, example } from './command-line.ts';
import { addSettingFlags, configFile, flagValues } from './setting-flags.ts';

/** `holdfast serve`: the server itself. */
export function registerServe({ program, run }: CommandLine): void {
  const command = program
    .command('serve')
    .summary('run the server')
    .description('Runs auth, accounting and chat in one process, or one of them alone.')
    .addHelpText(
      'after',
      example('holdfast serve --demo', 'holdfast serve --config holdfast.yaml --data /var/lib/holdfast'),
    );
  addSettingFlags(command);
  command.action(
    run(async (options: Record<string, unknown>) => {
      const config = await loadConfig({ flags: flagValues(options), file: configFile(options) });
      const { serve } = await import('../serve.ts');
      return serve(config);
    }),
  );
}
