import { ApiClient } from '../client/api-client.ts';
import type { CommandIo } from '../client/command-io.ts';
import { runCommand } from '../client/command-run.ts';
import { EXIT } from '../client/exit-code.ts';
import { exitCodeOf, UsageError } from '../client/failures.ts';
import { findPassword } from '../client/password.ts';
import { areLoopback, type ServiceUrls, serviceUrls, unprotected } from '../client/service-urls.ts';
import { Terminal } from '../client/terminal.ts';
import { chatPath } from './actor.ts';
import { lookAtStopAndStart } from './money-promises.ts';
import { foreignStreamId, lookAtForeignDoors, lookAtTheOutsider } from './outsider-promises.ts';
import { lookAtResume } from './resume-promises.ts';
import { lookAtTheRightId } from './right-id-promises.ts';
import { type Identity, logIn, lookAtHealth, setTheStage } from './services-promises.ts';
import { BrokenPromise, type StepReport, Verification } from './verification.ts';
import type { VerifyOptions } from './verify-options.ts';
import type { Stage, World } from './world.ts';
import { lookAtWrongIds } from './wrong-id-promises.ts';

/** The demo accounts, which are the default on loopback. */
const DEMO_USER = 'user1';
const DEMO_ADMIN = 'admin';

/**
 * `holdfast verify`: walks the whole flow against a live deployment and looks at each of its promises.
 *
 * @returns the exit code: 0 when all hold; 1 at the first broken promise; 2 wrong usage; 3 unreachable; 130.
 */
export function runVerify(options: VerifyOptions, io: CommandIo): Promise<number> {
  return runCommand(io, async () => {
    const terminal = new Terminal(io);
    const urls = serviceUrls(options);
    for (const url of unprotected(urls))
      terminal.say(`[${url} is not encrypted: others can read the passwords]`);
    const names = await identities(options, urls, io);
    const printing: Promise<unknown>[] = [];
    const verification = new Verification((step) => {
      if (!options.json) printing.push(terminal.show(`${lineOf(step)}\n`));
    });
    const world = {
      io,
      client: new ApiClient(urls, io.clock),
      verification,
      runId: io.ids.uuid().slice(0, 8),
    };
    const outcome = await judge(world, names);
    await Promise.all(printing);
    if (options.json) await terminal.showJson(reportOf(verification, outcome));
    else await terminal.show(closingOf(verification, outcome));
    return outcome.exitCode;
  });
}

/** How a verification ended. */
interface Outcome {
  readonly exitCode: number;
  readonly broken?: StepReport;
  /** Why it ended early without a broken promise. */
  readonly trouble?: string;
  /** What could not be tidied up. */
  readonly left: readonly string[];
}

/** Walks the flow, tidies up whatever happened, and says how it ended. */
async function judge(world: World, names: { user: Identity; admin: Identity }): Promise<Outcome> {
  const { verification, io } = world;
  const forget = io.onInterrupt(() => {
    new Terminal(io).say('[Interrupted: what was made is removed first]');
    verification.interrupt();
  });
  try {
    await walk(world, names);
    return { exitCode: EXIT.done, left: [] };
  } catch (error) {
    const left = await verification.tidy();
    if (error instanceof BrokenPromise) return { exitCode: EXIT.no, broken: error.step, left };
    const exitCode = exitCodeOf(error);
    if (exitCode === undefined) throw error;
    return { exitCode, trouble: (error as Error).message, left };
  } finally {
    forget();
  }
}

/** The flow, group by group. */
async function walk(world: World, names: { user: Identity; admin: Identity }): Promise<void> {
  await lookAtHealth(world);
  const stage = await setTheStage(world, await logIn(world, names));
  const older = await lookAtTheRightId(world, stage);
  const outsider = await lookAtTheOutsider(world, stage);
  await lookAtForeignDoors(world, stage, outsider, older.id);
  const streamId = await foreignStreamId(stage, outsider);
  await lookAtWrongIds(world, stage, { ...outsider, streamId }, older.id);
  await lookAtStopAndStart(world, stage);
  await lookAtResume(world, stage);
  await lookAtTheEnd(world, stage);
}

/** The chat is deleted, and all that was made for the verification goes. */
async function lookAtTheEnd({ verification }: World, { user, chatId }: Stage): Promise<void> {
  await verification.promise('chat.deleted', '200 with its sessionId, then 404', async (see) => {
    const path = chatPath(chatId);
    const { status, body } = await user.client.ask({ service: 'chat', method: 'DELETE', path });
    see(status === 200 && body.text('sessionId') === chatId, `${status} ${body.text('sessionId')}`);
    const after = await user.client.ask({ service: 'chat', path });
    see(after.status === 404, `${status}, then ${after.status}`);
  });
  const expected = 'chats, users, loans and logins of this verification are gone';
  await verification.promise('nothing.left', expected, async (see) => {
    const left = await verification.tidy();
    see(left.length === 0, left.length === 0 ? 'all gone' : left.join('; '));
  });
}

async function identities(
  options: VerifyOptions,
  urls: ServiceUrls,
  io: CommandIo,
): Promise<{ user: Identity; admin: Identity }> {
  const onLoopback = areLoopback(urls);
  const user = options.user ?? (onLoopback ? DEMO_USER : undefined);
  const admin = options.admin ?? (onLoopback ? DEMO_ADMIN : undefined);
  if (user === undefined) throw new UsageError('Say whose chat is tried: --user NAME');
  if (admin === undefined) throw new UsageError('Say who lends the credit: --admin NAME');
  const { passwordFile, password } = options;
  const userSources = { username: user, passwordFile, password, onLoopback, fileFlag: '--password-file' };
  const adminSources = {
    username: admin,
    passwordFile: options.adminPasswordFile,
    password: options.adminPassword,
    onLoopback,
    fileFlag: '--admin-password-file',
  };
  return {
    user: { username: user, password: await findPassword(userSources, io) },
    admin: { username: admin, password: await findPassword(adminSources, io) },
  };
}

const lineOf = ({ kept, name, expected, came }: StepReport): string =>
  kept ? `✔ ${name}: ${came}` : `✘ ${name}: expected ${expected}; came ${came}`;

function closingOf({ steps }: Verification, { broken, trouble, left }: Outcome): string {
  const verdict = broken ? `Broken: ${broken.name}` : (trouble ?? `All ${steps.length} promises hold`);
  return `${verdict}${left.length > 0 ? `\nLeft behind: ${left.join('; ')}` : ''}\n`;
}

const reportOf = ({ steps }: Verification, { exitCode, broken, trouble, left }: Outcome) => ({
  ok: exitCode === EXIT.done,
  broken: broken?.name ?? null,
  trouble: trouble ?? null,
  left,
  steps,
});
