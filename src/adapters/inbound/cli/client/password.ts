import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import type { CommandIo } from './command-io.ts';
import { Interrupted, UsageError } from './failures.ts';

/** The accounts that `serve --demo` makes, on loopback only. */
const DEMO_PASSWORDS: ReadonlyMap<string, string> = new Map([
  ['user1', 'User1@123'],
  ['supervisor1', 'Supervisor1@'],
  ['admin', 'admin@admin'],
]);

/** Where a password may come from, in this order: file, environment, demo account, prompt. */
export interface PasswordSources {
  readonly username: string;
  readonly passwordFile?: string | undefined;
  /** What the environment holds. */
  readonly password?: string | undefined;
  /** Whether the server is on this machine, where the demo accounts may be. */
  readonly onLoopback: boolean;
  /** The flag that names the file, for the sentence that explains what is missing. */
  readonly fileFlag: string;
}

/**
 * Finds the password of an account.
 *
 * @throws UsageError when the file cannot be read or there is nobody to ask; Interrupted at Ctrl-C.
 */
export async function findPassword(sources: PasswordSources, io: CommandIo): Promise<string> {
  const { username, passwordFile, fileFlag } = sources;
  if (passwordFile !== undefined) return readPasswordFile(passwordFile, fileFlag);
  if (sources.password !== undefined && sources.password !== '') return sources.password;
  const demo = sources.onLoopback ? DEMO_PASSWORDS.get(username) : undefined;
  if (demo !== undefined) return demo;
  if (!io.stdin.isTTY) {
    throw new UsageError(`The password of ${username} is missing: give it in a file with ${fileFlag} FILE`);
  }
  return promptSilently(`Password of ${username}: `, io);
}

async function readPasswordFile(path: string, flag: string): Promise<string> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageError(`${flag} ${path} cannot be read (${code ?? 'unknown error'})`);
  }
  const password = text.replace(/\r?\n$/, '');
  if (password === '') throw new UsageError(`${flag} ${path} is empty: it must hold the password`);
  return password;
}

function promptSilently(prompt: string, io: CommandIo): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: io.stdin, output: nowhere, terminal: true, historySize: 0 });
  io.stderr.write(prompt);
  return new Promise((resolve, reject) => {
    lines.once('line', resolve);
    lines.once('SIGINT', () => reject(new Interrupted('Interrupted')));
    lines.once('close', () => reject(new UsageError('No password was typed')));
  }).finally(() => {
    io.stderr.write('\n');
    lines.close();
  }) as Promise<string>;
}
