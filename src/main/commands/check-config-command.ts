import { loadConfig } from '../config.ts';
import { ConfigError } from '../configuration/config-error.ts';
import { type CommandLine, example } from './command-line.ts';
import { addSettingFlags, configFile, flagValues } from './setting-flags.ts';

/** `holdfast check-config`: says what is wrong with a configuration without starting anything. */
export function registerCheckConfig({ program, run }: CommandLine): void {
  const command = program
    .command('check-config')
    .summary('check a configuration without starting anything')
    .description(
      'Reads flags, environment, file and the files that they name as serve would, and names every mistake. Exit code 2 when there is one.',
    )
    .option('--json', 'Print the resulting settings as one JSON document; durations are in milliseconds.')
    .addHelpText('after', example('holdfast check-config --config holdfast.yaml'));
  addSettingFlags(command);
  command.action(
    run(async (options: Record<string, unknown>) => {
      const config = await loadConfig({ flags: flagValues(options), file: configFile(options) });
      const { checkFiles } = await import('../file-checks.ts');
      const { SystemClock } = await import('../../adapters/outbound/system/system-clock.ts');
      const files = checkFiles(config, new SystemClock().nowMs());
      const { brokenRulesFile } = await import('../control-rules.ts');
      const problems = [...files.problems, ...(await brokenRulesFile(config['control.rulesFile']))];
      if (problems.length > 0) throw new ConfigError(problems);
      const { warnings, ...settings } = config;
      for (const warning of [...warnings, ...files.warnings]) process.stderr.write(`${warning}\n`);
      process.stdout.write(
        options.json === true ? `${JSON.stringify(settings)}\n` : 'The configuration is right.\n',
      );
      return 0;
    }),
  );
}
