import { type Command, Option } from 'commander';
import { UsageError } from '../../adapters/inbound/cli/client/failures.ts';
import { safeText } from '../../adapters/inbound/cli/client/safe-text.ts';
import { API_KEY_SCOPES } from '../../domain/identity/api-key.ts';
import { isApiKeyId } from '../../domain/identity/api-key-text.ts';
import type { ApiKeyScope } from '../../domain/identity/principal.ts';
import { durationMs } from '../configuration/setting-kinds.ts';
import type { KeyProfile } from '../operator/key-acts.ts';
import { type CommandLine, example } from './command-line.ts';

interface Flags {
  readonly data?: string;
  readonly json?: true;
}
interface ListFlags extends Flags {
  readonly user?: string;
}
interface CreateFlags extends ListFlags {
  readonly name: string;
  readonly scope: readonly ApiKeyScope[];
  readonly expires?: string;
  readonly agent?: string;
}

/** Keys of one page of `keys list`. */
const LIST_PAGE = 100;

/** `holdfast keys …`: the API keys, from the machine that the store is on. */
export function registerKeys({ program, run }: CommandLine): void {
  const keys = program
    .command('keys')
    .summary('list, create and revoke API keys')
    .description('Works on the store of this machine: through the server that runs on it, or by opening it.')
    .addHelpText(
      'after',
      example(
        'holdfast keys create --user ann --name "nightly report" --scope chat --expires 90d',
        'holdfast keys list',
      ),
    );
  const add = (name: string, description: string, shown: string): Command =>
    keys
      .command(name)
      .description(description)
      .option('--data <dir>', 'Data folder of the server (env: HOLDFAST_DATA, default: ./data).')
      .option('--json', 'One JSON document on stdout.')
      .addHelpText('after', example(`holdfast keys ${shown}`));

  add('list', 'Lists live API keys, newest first; never the keys themselves.', 'list --user ann')
    .option('--user <user>', 'Only those of this user, by username or id.')
    .action(run(list));
  add(
    'create',
    'Makes an API key and prints it, this once. A control key belongs to its agent, any other to a user.',
    'create --name builder --scope control --agent builder',
  )
    .option('--user <user>', "Whose it is, by username or id; a control key is nobody's.")
    .requiredOption('--name <name>', 'What it is called in lists.')
    .addOption(
      new Option('--scope <scope...>', 'What it is good for.').choices(API_KEY_SCOPES).makeOptionMandatory(),
    )
    .option('--expires <time>', 'How long it is good, such as 90d; until it is revoked unless said.')
    .option('--agent <name>', 'The agent profile that a control key is bound to.')
    .action(run(create));
  add('revoke', 'Ends an API key, and whatever is open by it.', 'revoke 4k2x9w0qz7ba')
    .argument('<id>', 'The 12 characters between hf_ and the next _.')
    .action(run(revoke));
}

async function list(flags: ListFlags): Promise<number> {
  const { callOperator, storeOf } = await import('./operator-call.ts');
  const store = await storeOf(flags);
  const { user } = flags;
  const keys: KeyProfile[] = [];
  for (let isWhole = false; !isWhole; ) {
    const page = { offset: keys.length, limit: LIST_PAGE, ...(user === undefined ? {} : { user }) };
    const found = (await callOperator(store, 'keys.list', page)).keys;
    keys.push(...found);
    isWhole = found.length < LIST_PAGE;
  }
  if (flags.json === true) process.stdout.write(`${JSON.stringify(keys.map(documentOf))}\n`);
  else for (const key of keys) process.stdout.write(`${lineOf(key)}\n`);
  return 0;
}

async function create(flags: CreateFlags): Promise<number> {
  const { callOperator, storeOf } = await import('./operator-call.ts');
  const { user, name, scope, expires, agent } = flags;
  if (user === undefined && !scope.includes('control')) {
    throw new UsageError('Say whose key it is: --user NAME. Only a control key belongs to nobody.');
  }
  if (user !== undefined && scope.includes('control')) {
    throw new UsageError('A control key belongs to its agent: leave --user out.');
  }
  const lifeMs = expires === undefined ? undefined : durationMs(expires);
  if (expires !== undefined && (lifeMs === undefined || lifeMs === 0)) {
    throw new UsageError(`--expires ${expires} is no time: write 90d, 12h or 30m.`);
  }
  const { key, apiKey } = await callOperator(await storeOf(flags), 'keys.create', {
    name,
    scopes: [...scope],
    ...(user === undefined ? {} : { user }),
    ...(agent === undefined ? {} : { agent }),
    ...(lifeMs === undefined ? {} : { lifeMs }),
  });
  if (flags.json === true) {
    process.stdout.write(`${JSON.stringify({ ...documentOf(apiKey), key })}\n`);
    return 0;
  }
  process.stderr.write(`${lineOf(apiKey)}\nThis is the key, shown this once:\n`);
  process.stdout.write(`${key}\n`);
  return 0;
}

async function revoke(id: string, flags: Flags): Promise<number> {
  if (!isApiKeyId(id)) {
    throw new UsageError(`${id} is no id of a key: it is the 12 characters between hf_ and the next _.`);
  }
  const { callOperator, storeOf } = await import('./operator-call.ts');
  const revoked = await callOperator(await storeOf(flags), 'keys.revoke', { id });
  process.stdout.write(flags.json === true ? `${JSON.stringify(revoked)}\n` : `${id} has ended.\n`);
  return 0;
}

const timeText = (atMs: number): string => new Date(atMs).toISOString();

/** A key with its times as the API writes them. */
function documentOf({ createdAtMs, expiresAtMs, lastUsedAtMs, ...key }: KeyProfile): object {
  return {
    ...key,
    createdAt: timeText(createdAtMs),
    ...(expiresAtMs === undefined ? {} : { expiresAt: timeText(expiresAtMs) }),
    ...(lastUsedAtMs === undefined ? {} : { lastUsedAt: timeText(lastUsedAtMs) }),
  };
}

function lineOf(key: KeyProfile): string {
  const holder = key.owner ?? (key.agent === undefined ? 'an agent' : `the agent ${key.agent}`);
  const ends = key.expiresAtMs === undefined ? 'until revoked' : `until ${timeText(key.expiresAtMs)}`;
  const used = key.lastUsedAtMs === undefined ? 'never used' : `used ${timeText(key.lastUsedAtMs)}`;
  return `${key.id}  ${safeText(key.name)}  ${key.scopes.join(', ')}  ${safeText(holder)}  ${ends}, ${used}`;
}
