import { ApiClient } from './api-client.ts';
import { ApiKeyCredential } from './api-key-credential.ts';
import type { CommandIo } from './command-io.ts';
import { EXIT } from './exit-code.ts';
import { Ending, Refused, Unreachable, UsageError } from './failures.ts';
import { Login } from './login.ts';
import { findPassword } from './password.ts';
import { patiently, type RetryNotice } from './retry.ts';
import { areLoopback, type ServiceUrls, unprotected } from './service-urls.ts';
import type { Terminal } from './terminal.ts';

/** The demo account that a newcomer acts as, where a command names no other one. */
const DEMO_USER = 'user1';

/** Who a command acts as. */
export interface WhoOptions {
  /** The demo user when the server is on loopback and nobody is named. */
  readonly user?: string | undefined;
  readonly passwordFile?: string | undefined;
  /** The password as the environment holds it. */
  readonly password?: string | undefined;
  /** An API key as the environment holds it; a user who is named logs in with his password all the same. */
  readonly apiKey?: string | undefined;
  /** The demo account of a command that takes another one than a plain user's. */
  readonly demoUser?: string | undefined;
}

/** The API key to use: a user who is named on the command line wins over the environment. */
const byKey = ({ apiKey, user }: WhoOptions): string | undefined => (user === undefined ? apiKey : undefined);

/** Says where secrets would travel in the clear. */
export function warnInTheClear(options: WhoOptions, urls: ServiceUrls, terminal: Terminal): void {
  const secret = byKey(options) === undefined ? 'password' : 'API key';
  for (const url of unprotected(urls))
    terminal.say(`[${url} is not encrypted: others can read the ${secret}]`);
}

/**
 * Logs in, or takes the API key of the environment.
 *
 * @throws UsageError when nobody is named, or the key is none; Refused, Ending with advice on loopback; Unreachable.
 */
export async function logIn(
  options: WhoOptions,
  urls: ServiceUrls,
  io: CommandIo,
  onWait: (notice: RetryNotice) => void,
): Promise<Login | ApiKeyCredential> {
  const key = byKey(options);
  if (key !== undefined) return new ApiKeyCredential(key);
  const onLoopback = areLoopback(urls);
  const { demoUser = DEMO_USER } = options;
  const username = options.user ?? (onLoopback ? demoUser : undefined);
  if (username === undefined) throw new UsageError('Say who you are: --user NAME');
  const { passwordFile, password } = options;
  const sources = { username, passwordFile, password, onLoopback, fileFlag: '--password-file' };
  const found = await findPassword(sources, io);
  const client = new ApiClient(urls, io.clock);
  try {
    return await patiently(io, () => Login.open(client, username, found), { onWait });
  } catch (error) {
    throw onLoopback ? withAdvice(error, options.user === undefined ? demoUser : undefined) : error;
  }
}

/** Whoever tries the server of his own machine is told what to type next. */
function withAdvice(error: unknown, demoUser: string | undefined): unknown {
  if (error instanceof Unreachable) {
    return new Ending(
      EXIT.unreachable,
      `${error.message}. To start a server here: npx holdfast serve --demo`,
    );
  }
  if (error instanceof Refused && error.status === 401 && demoUser !== undefined) {
    return new Ending(EXIT.no, `${error.message}. To log in as somebody else than ${demoUser}: --user NAME`);
  }
  return error;
}
