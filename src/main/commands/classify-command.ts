import { Option } from 'commander';
import { UsageError } from '../../adapters/inbound/cli/client/failures.ts';
import { loadConfig } from '../config.ts';
import { type CommandLine, example } from './command-line.ts';
import { configFile } from './setting-flags.ts';

interface Flags {
  readonly config?: string;
  readonly controlRulesFile?: string;
  readonly profile?: string;
  readonly json?: true;
}

/** `holdfast classify`: which rule speaks about an event, without a server. */
export function registerClassify({ program, run }: CommandLine): void {
  program
    .command('classify')
    .summary('say how dangerous an event of an agent is, and which rule says so')
    .description(
      "Reads one event from stdin, in the JSON form of the agents' wire (PairedEvent), and says by the rules how dangerous it is. Exit code 0 for M0 and M2, 1 for M3 and M4.",
    )
    .option('--config <file>', 'YAML file with settings. (env: HOLDFAST_CONFIG)')
    .addOption(
      new Option(
        '--control-rules-file <file>',
        'File of rules that go before those that come with the program. (env: HOLDFAST_CONTROL_RULES_FILE)',
      ),
    )
    .option('--profile <name>', 'The agent profile that the key is bound to, which rules may ask for.')
    .option('--json', 'One JSON document on stdout.')
    .addHelpText(
      'after',
      example(
        'holdfast classify < event.json',
        `echo '{"tool":{"toolName":"bash","input":"rm -rf /"}}' | holdfast classify --json`,
      ),
    )
    .action(run(classify));
}

async function classify(flags: Flags): Promise<number> {
  const { controlRulesFile, profile, json = false } = flags;
  const settings = await loadConfig({
    asNode: false,
    file: configFile({ ...flags }),
    flags: controlRulesFile === undefined ? {} : { 'control.rulesFile': controlRulesFile },
  });
  const { readControlRules } = await import('../control-rules.ts');
  const { RuleClassifier } = await import('../../adapters/outbound/rules/rule-classifier.ts');
  const { MalformedFrame, pairedEventFromJson } = await import(
    '../../adapters/inbound/control/agent-wire.ts'
  );
  const { classifiedEvent } = await import('../../adapters/inbound/control/classified-event.ts');
  const { runClassify } = await import('../../adapters/inbound/cli/classify/run-classify.ts');
  const { systemIo } = await import('./command-io.ts');
  const classifier = new RuleClassifier(await readControlRules(settings['control.rulesFile']));
  return runClassify({
    read: (event) => {
      try {
        return classifiedEvent(pairedEventFromJson(event), { profile, source: '' });
      } catch (error) {
        if (!(error instanceof MalformedFrame)) throw error;
        const why = error.cause instanceof Error ? `: ${error.cause.message}` : '';
        throw new UsageError(`stdin holds JSON that is no event of an agent${why}.`, { cause: error });
      }
    },
    explain: (event, signal) => classifier.explain(event, signal),
    json,
    io: systemIo(),
  });
}
