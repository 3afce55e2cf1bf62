import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { ConfigError } from './configuration/config-error.ts';
import { brokenRules } from './configuration/config-rules.ts';
import { addConnections, visibleSecret } from './configuration/connection-settings.ts';
import { ConnectionUrl } from './configuration/connection-url.ts';
import { brokenCookieDomain } from './configuration/cookie-domain.ts';
import { oddExposures } from './configuration/exposure-rules.ts';
import { suggestion } from './configuration/nearest.ts';
import {
  flagOf,
  SETTING_KEYS,
  SETTINGS,
  type SettingKey,
  type Settings,
  variableOf,
  variablesOf,
} from './configuration/settings.ts';
import { MAX_MODELS, UPSTREAM_MODEL, type UpstreamModel } from './configuration/upstream-model.ts';

/** Everything an operator can decide, read and checked. */
export interface Config extends Settings {
  readonly models: readonly UpstreamModel[];
  /** What is odd but no error, one sentence each. */
  readonly warnings: readonly string[];
}

/** Settings as flags gave them, by their keys. */
export type FlagValues = Readonly<Partial<Record<SettingKey, unknown>>>;

type Environment = Readonly<Record<string, string | undefined>>;

/** What the file says, and what is wrong with it by itself; a setting's value is checked wherever it comes from. */
interface FileContent {
  readonly values: ReadonlyMap<string, unknown>;
  readonly models: readonly UpstreamModel[];
  readonly problems: readonly string[];
}

const NO_FILE: FileContent = { values: new Map(), models: [], problems: [] };

/** Variables of the environment that other commands read and no setting has. */
const OTHER_VARIABLES = [
  'HOLDFAST_CONFIG',
  'HOLDFAST_PASSWORD',
  'HOLDFAST_ADMIN_PASSWORD',
  'HOLDFAST_API_KEY',
] as const;
/** Largest configuration file, in bytes. */
const MAX_FILE_BYTES = 1_048_576;

/** A variable of the environment that is read by other commands than the server. */
export const environmentVariable = (
  name: (typeof OTHER_VARIABLES)[number] | 'HOLDFAST_TLS_CA_FILE',
  environment: Environment = process.env,
): string | undefined => environment[name] || undefined;

/**
 * Reads the configuration: flags win over the environment, the environment over the file, the file over defaults.
 * A command that only looks at a store says that it is no node (`asNode: false`), and needs no secret of the nodes.
 *
 * @throws ConfigError with every problem found, each with the flag, variable or path of the file that it is about.
 */
export async function loadConfig(sources: {
  readonly flags?: FlagValues;
  readonly file?: string | undefined;
  readonly environment?: Environment;
  readonly asNode?: boolean;
}): Promise<Config> {
  const environment = sources.environment ?? process.env;
  const path = sources.file ?? environmentVariable('HOLDFAST_CONFIG', environment);
  const file = path === undefined ? NO_FILE : await readFile(path);
  const problems: string[] = [...uncheckedTls(environment), ...file.problems];
  const settings: Record<string, unknown> = {};
  for (const key of SETTING_KEYS) {
    const { origin, value } = pick(key, sources.flags ?? {}, environment, file.values, path);
    const result = SETTINGS[key].schema.safeParse(value);
    if (result.success) settings[key] = result.data;
    else problems.push(`${origin} ${result.error.issues[0]?.message ?? 'is not valid'}.`);
    if (origin === flagOf(key) && settings[key] instanceof ConnectionUrl) {
      problems.push(...visibleSecret(key, settings[key]));
    }
  }
  problems.push(...addConnections(settings));
  if (problems.length > 0) throw new ConfigError(problems);
  const checked = settings as Settings;
  const broken = [
    ...brokenRules(checked, file.models, sources.asNode ?? true),
    ...(await brokenCookieDomain(checked)),
  ];
  if (broken.length > 0) throw new ConfigError(broken);
  return {
    ...checked,
    models: file.models,
    warnings: [...oddVariables(environment), ...oddExposures(checked, file.models)],
  };
}

/**
 * Sees to it that nothing has told Node to accept any certificate: there is no switch for that, and this one works
 * behind the program's back.
 *
 * @throws ConfigError with a sentence.
 */
export function requireCheckedTls(environment: Environment = process.env): void {
  const problems = uncheckedTls(environment);
  if (problems.length > 0) throw new ConfigError(problems);
}

const uncheckedTls = (environment: Environment): string[] =>
  environment.NODE_TLS_REJECT_UNAUTHORIZED === '0'
    ? [
        'The environment variable NODE_TLS_REJECT_UNAUTHORIZED=0 makes every certificate count; unset it, and name a private CA with --tls-ca-file (--ca-file for a client).',
      ]
    : [];

/** The winning source of one setting and what it says. */
function pick(
  key: SettingKey,
  flags: FlagValues,
  environment: Environment,
  file: ReadonlyMap<string, unknown>,
  path: string | undefined,
): { origin: string; value: unknown } {
  if (flags[key] !== undefined) return { origin: flagOf(key), value: flags[key] };
  for (const name of variablesOf(key)) {
    const variable = environment[name];
    if (variable !== undefined && variable !== '') return { origin: name, value: variable };
  }
  if (file.has(key)) return { origin: `${path}: ${key}`, value: file.get(key) };
  return { origin: key, value: SETTINGS[key].fallback };
}

async function readFile(path: string): Promise<FileContent> {
  const { parseDocument } = await import('yaml');
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new ConfigError(
      [`${path} cannot be read (${(error as NodeJS.ErrnoException).code ?? (error as Error).message}).`],
      { cause: error },
    );
  }
  if (Buffer.byteLength(text) > MAX_FILE_BYTES) {
    throw new ConfigError([`${path} is larger than ${MAX_FILE_BYTES} bytes.`]);
  }
  const document = parseDocument(text, { uniqueKeys: true, prettyErrors: true });
  if (document.errors.length > 0) {
    throw new ConfigError(
      document.errors.map((error) => `${path}: ${error.message.split('\n')[0]?.replace(/:$/, '')}.`),
    );
  }
  const content = (document.toJS({ maxAliasCount: 0 }) ?? {}) as unknown;
  if (!isMapping(content)) throw new ConfigError([`${path} must be a mapping of settings to values.`]);
  const { models, ...rest } = content;
  const values = flatten(rest);
  const unknown = [...values.keys()].filter((key) => !(key in SETTINGS));
  const problems = unknown.map(
    (key) => `${path}: there is no setting ${key}.${suggestion(key, [...SETTING_KEYS, 'models'])}`,
  );
  const parsed = z
    .array(UPSTREAM_MODEL)
    .max(MAX_MODELS)
    .safeParse(models ?? []);
  if (!parsed.success) {
    problems.push(
      ...parsed.error.issues.map((issue) => `${path}: models.${issue.path.join('.')} ${issue.message}.`),
    );
  }
  return { values, models: parsed.data ?? [], problems };
}

const isMapping = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Turns nested mappings into dotted keys. */
function flatten(mapping: Record<string, unknown>, prefix = ''): Map<string, unknown> {
  const flat = new Map<string, unknown>();
  for (const [name, value] of Object.entries(mapping)) {
    const key = `${prefix}${name}`;
    if (!isMapping(value)) flat.set(key, value);
    else for (const [inner, member] of flatten(value, `${key}.`)) flat.set(inner, member);
  }
  return flat;
}

/** Variables that look like a mistyped setting. Others with our prefix are left alone: a cluster may set its own. */
function oddVariables(environment: Environment): string[] {
  const known = [...SETTING_KEYS.map(variableOf), ...OTHER_VARIABLES];
  return Object.keys(environment)
    .filter((name) => name.startsWith('HOLDFAST_') && !known.includes(name as never))
    .map((name) => ({ name, hint: suggestion(name, known) }))
    .filter(({ hint }) => hint !== '')
    .map(({ name, hint }) => `The environment variable ${name} is not read.${hint}`);
}
