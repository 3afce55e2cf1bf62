import { ApiClient } from '../client/api-client.ts';
import { ApiKeyCredential } from '../client/api-key-credential.ts';
import type { CommandIo } from '../client/command-io.ts';
import { runCommand } from '../client/command-run.ts';
import { EXIT } from '../client/exit-code.ts';
import { Ending, ProtocolFault, Refused, Unreachable, UsageError } from '../client/failures.ts';
import { Login } from '../client/login.ts';
import { findPassword } from '../client/password.ts';
import { patiently, type RetryNotice } from '../client/retry.ts';
import { areLoopback, type ServiceUrls, serviceUrls, unprotected } from '../client/service-urls.ts';
import { Terminal } from '../client/terminal.ts';
import { describeBalance, describeModels } from './account-view.ts';
import { askQuestion } from './ask-question.ts';
import type { ChatOptions } from './chat-options.ts';
import { converse } from './conversation.ts';

/** The demo account that a newcomer talks as. */
const DEMO_USER = 'user1';

/**
 * `holdfast chat`: talks with a model through the server, or answers one question.
 *
 * @returns the exit code: 0; 1 for a refusal or an answer that broke off; 2 wrong usage; 3 unreachable; 130.
 */
export function runChat(options: ChatOptions, io: CommandIo): Promise<number> {
  return runCommand(io, async () => {
    const terminal = new Terminal(io);
    const urls = serviceUrls(options);
    const secret = byKey(options) === undefined ? 'password' : 'API key';
    for (const url of unprotected(urls))
      terminal.say(`[${url} is not encrypted: others can read the ${secret}]`);
    const onWait = ({ error, waitMs }: RetryNotice): void =>
      terminal.say(`[${error.message}; again in ${(waitMs / 1000).toFixed(1)} s]`);
    const login = await logIn(options, urls, io, onWait);
    const client = new ApiClient(urls, io.clock, login);
    try {
      return await talk(options, { client, io, terminal, json: options.json === true }, onWait);
    } finally {
      await login.close();
    }
  });
}

/** The API key to use: a user who is named on the command line wins over the environment. */
const byKey = ({ apiKey, user }: ChatOptions): string | undefined =>
  user === undefined ? apiKey : undefined;

async function logIn(
  options: ChatOptions,
  urls: ServiceUrls,
  io: CommandIo,
  onWait: (notice: RetryNotice) => void,
): Promise<Login | ApiKeyCredential> {
  const key = byKey(options);
  if (key !== undefined) return new ApiKeyCredential(key);
  const onLoopback = areLoopback(urls);
  const username = options.user ?? (onLoopback ? DEMO_USER : undefined);
  if (username === undefined) throw new UsageError('Say who you are: --user NAME');
  const { passwordFile, password } = options;
  const sources = { username, passwordFile, password, onLoopback, fileFlag: '--password-file' };
  const found = await findPassword(sources, io);
  const client = new ApiClient(urls, io.clock);
  try {
    return await patiently(io, () => Login.open(client, username, found), { onWait });
  } catch (error) {
    throw onLoopback ? withAdvice(error, options.user === undefined) : error;
  }
}

/** Whoever tries the server of his own machine is told what to type next. */
function withAdvice(error: unknown, isDemoUser: boolean): unknown {
  if (error instanceof Unreachable) {
    return new Ending(
      EXIT.unreachable,
      `${error.message}. To start a server here: npx holdfast serve --demo`,
    );
  }
  if (error instanceof Refused && error.status === 401 && isDemoUser) {
    return new Ending(EXIT.no, `${error.message}. To log in as somebody else than ${DEMO_USER}: --user NAME`);
  }
  return error;
}

async function talk(
  options: ChatOptions,
  world: Parameters<typeof askQuestion>[0],
  onWait: (notice: RetryNotice) => void,
): Promise<number> {
  const { client, io, terminal } = world;
  const openChat = async (): Promise<string> => {
    if (options.chatId !== undefined) return options.chatId;
    const body = { source: 'cli', ...(options.model === undefined ? {} : { modelId: options.model }) };
    const request = { service: 'chat', path: '/api/chat/sessions', body } as const;
    const answer = await patiently(io, () => client.call(request), { onWait });
    const id = answer.body.text('sessionId');
    if (id === undefined) throw new ProtocolFault('The chat service made a chat without an id');
    terminal.say(`[Chat ${id}]`);
    return id;
  };
  if (options.question === undefined) {
    terminal.say(await patiently(io, () => describeModels(client), { onWait }));
    terminal.say(await patiently(io, () => describeBalance(client), { onWait }));
    return converse({ ...world, modelId: options.model, openChat });
  }
  const question = { chatId: await openChat(), message: options.question, modelId: options.model };
  const result = await askQuestion(world, question);
  if (result.interrupted) return EXIT.interrupted;
  return result.state === 'done' ? EXIT.done : EXIT.no;
}
