import { type Command, Option } from 'commander';
import type { FlagValues } from '../config.ts';
import { flagOf, SETTING_KEYS, SETTINGS, type SettingKey, variablesOf } from '../configuration/settings.ts';

const GROUPS: Readonly<Record<string, string>> = {
  alerts: 'Alerts:',
  control: 'Agents:',
  fleet: 'Many nodes:',
  log: 'Log:',
  login: 'Logins:',
  model: 'Models:',
  mongodb: 'Many nodes:',
  redis: 'Many nodes:',
  streams: 'Streams:',
  tls: 'TLS:',
  tokens: 'Logins:',
  sessions: 'Logins:',
  cookie: 'Logins:',
  websocket: 'Multiplexing:',
};

/** Width of the help where no terminal tells its own, in columns. */
const HELP_WIDTH = 80;
/** How far what a setting means stands from the left edge of the help, in columns. */
const MEANING_INDENT = 6;

/**
 * Adds a flag for every setting, and the one that names the configuration file. Their names are long: what each
 * means stands below it, so that the help can be read at any width.
 */
export function addSettingFlags(command: Command): void {
  command.configureHelp({
    formatItem: (term, _width, meaning, help) => {
      const width = (help.helpWidth ?? HELP_WIDTH) - MEANING_INDENT;
      const lines = help.boxWrap(meaning, width).split('\n');
      return [`  ${term}`, ...lines.map((line) => ' '.repeat(MEANING_INDENT) + line)].join('\n');
    },
  });
  command.option('--config <file>', 'YAML file with settings. (env: HOLDFAST_CONFIG)');
  for (const key of SETTING_KEYS) command.addOption(optionOf(key));
}

function optionOf(key: SettingKey): Option {
  const { boolean, repeatable, fallback, meaning } = SETTINGS[key];
  const standard = boolean || fallback === undefined ? '' : `default: ${fallback}, `;
  const option = new Option(
    boolean ? flagOf(key) : `${flagOf(key)} <value>`,
    `${meaning} (${standard}env: ${variablesOf(key).join(', ')})`,
  );
  if (repeatable)
    option.argParser((value: string, before: string[] | undefined) => [...(before ?? []), value]);
  const group = GROUPS[key.split('.')[0] ?? ''];
  return group === undefined ? option : option.helpGroup(group);
}

/** The settings among a command's options, by their keys. */
export function flagValues(options: Readonly<Record<string, unknown>>): FlagValues {
  const values: Partial<Record<SettingKey, unknown>> = {};
  for (const key of SETTING_KEYS) {
    const value = options[optionOf(key).attributeName()];
    if (value !== undefined) values[key] = value;
  }
  return values;
}

/** The configuration file that a command's options name. */
export const configFile = (options: Readonly<Record<string, unknown>>): string | undefined =>
  typeof options.config === 'string' ? options.config : undefined;
