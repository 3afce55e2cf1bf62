import { type Command, Option } from 'commander';
import type { FlagValues } from '../config.ts';
import { flagOf, SETTING_KEYS, SETTINGS, type SettingKey, variablesOf } from '../configuration/settings.ts';

const GROUPS: Readonly<Record<string, string>> = {
  control: 'Agents:',
  fleet: 'Many nodes:',
  log: 'Log:',
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

/** Adds a flag for every setting, and the one that names the configuration file. */
export function addSettingFlags(command: Command): void {
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
