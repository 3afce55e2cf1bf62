import { Argument, type Command, Option } from 'commander';
import { safeText } from '../../adapters/inbound/cli/client/safe-text.ts';
import type { UserProfile } from '../../application/identity/user-profile.ts';
import { environmentVariable } from '../config.ts';
import type { OperatorInput } from '../operator/operator-acts.ts';
import type { USER_ACTS, UsersAnswer } from '../operator/user-acts.ts';
import { type CommandLine, example } from './command-line.ts';

interface Flags {
  readonly data?: string;
  readonly json?: true;
}
interface PasswordFlags extends Flags {
  readonly passwordFile?: string;
}

const ROLES = ['admin', 'supervisor', 'user'] as const;
/** Accounts of one page of `user list`. */
const LIST_PAGE = 100;

type UserAct = keyof typeof USER_ACTS;

/** `holdfast user …`: the accounts, from the machine that the store is on. */
export function registerUser({ program, run }: CommandLine): void {
  const user = program
    .command('user')
    .summary('list, create and change accounts')
    .description('Works on the store of this machine: through the server that runs on it, or by opening it.')
    .addHelpText(
      'after',
      example('holdfast user create ann ann@example.org --role supervisor', 'holdfast user list --json'),
    );
  const add = (name: string, description: string, shown: string): Command =>
    user
      .command(name)
      .description(description)
      .option('--data <dir>', 'Data folder of the server (env: HOLDFAST_DATA, default: ./data).')
      .option('--json', 'One JSON document on stdout.')
      .addHelpText('after', example(`holdfast user ${shown}`));
  add('list', 'Lists accounts, oldest first.', 'list ann')
    .argument('[text]', 'Only those whose username or email contains it.')
    .action(run((text: string | undefined, flags: Flags) => list(text ?? '', flags)));
  withPassword(
    add(
      'create',
      'Creates an account whose email counts as verified.',
      'create ann ann@example.org --password-file pw',
    ),
  )
    .argument('<username>')
    .argument('<email>')
    .addOption(new Option('--role <role>', 'What the person may do.').choices(ROLES).default('user'))
    .action(
      run(
        async (username: string, email: string, flags: PasswordFlags & { role: (typeof ROLES)[number] }) => {
          const password = await passwordFor(username, flags);
          return act('user.create', { username, email, password, role: flags.role }, flags);
        },
      ),
    );
  add('role', 'Changes what a person may do, and ends all his logins.', 'role ann supervisor')
    .argument('<user>', 'Username or id.')
    .addArgument(new Argument('<role>').choices(ROLES))
    .action(
      run((name: string, role: (typeof ROLES)[number], flags: Flags) =>
        act('user.role', { user: name, role }, flags),
      ),
    );
  withPassword(add('password', 'Sets a password, and ends all logins of the account.', 'password ann'))
    .argument('<user>', 'Username or id.')
    .action(
      run(async (name: string, flags: PasswordFlags) => {
        const password = await passwordFor(name, flags);
        return act('user.password', { user: name, password }, flags);
      }),
    );
  add('log-out', 'Ends all logins of an account; its API keys stay.', 'log-out ann')
    .argument('<user>', 'Username or id.')
    .action(run((name: string, flags: Flags) => act('user.log-out', { user: name }, flags)));
  add('disable', 'Disables an account and ends all its logins.', 'disable ann')
    .argument('<user>', 'Username or id.')
    .option('--undo', 'Enables it again.')
    .action(
      run((name: string, flags: Flags & { undo?: true }) =>
        act('user.disable', { user: name, disabled: flags.undo !== true }, flags),
      ),
    );
}

const withPassword = (command: Command): Command =>
  command.option(
    '--password-file <file>',
    'File with the password; HOLDFAST_PASSWORD is read, else it is asked for.',
  );

async function list(text: string, flags: Flags): Promise<number> {
  const users: UserProfile[] = [];
  let total = 0;
  do {
    const page = await call('user.list', { text, offset: users.length, limit: LIST_PAGE }, flags);
    users.push(...page.users);
    total = page.users.length === 0 ? users.length : page.total;
  } while (users.length < total);
  show(users, flags.json === true ? users : undefined);
  return 0;
}

async function act<Act extends UserAct>(name: Act, input: OperatorInput<Act>, flags: Flags): Promise<number> {
  const { users } = await call(name, input, flags);
  show(users, flags.json === true ? users[0] : undefined);
  return 0;
}

async function call<Act extends UserAct>(
  name: Act,
  input: OperatorInput<Act>,
  flags: Flags,
): Promise<UsersAnswer> {
  const { callOperator, storeOf } = await import('./operator-call.ts');
  return callOperator(await storeOf(flags), name, input);
}

async function passwordFor(username: string, flags: PasswordFlags): Promise<string> {
  const { findPassword } = await import('../../adapters/inbound/cli/client/password.ts');
  const { systemIo } = await import('./command-io.ts');
  const { passwordFile } = flags;
  const password = environmentVariable('HOLDFAST_PASSWORD');
  return findPassword(
    { username, passwordFile, password, onLoopback: false, fileFlag: '--password-file' },
    systemIo(),
  );
}

function show(users: readonly UserProfile[], json: unknown): void {
  if (json !== undefined) {
    process.stdout.write(`${JSON.stringify(json)}\n`);
    return;
  }
  for (const { id, username, email, role, disabled, isVerified } of users) {
    const state = [role, ...(isVerified ? [] : ['unverified']), ...(disabled ? ['disabled'] : [])].join(', ');
    process.stdout.write(`${id}  ${safeText(username)}  ${safeText(email)}  ${state}\n`);
  }
}
