import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';

/** The core that servers under measurement run on; the load generator has the other one. */
export const SERVER_CORE = 0;
/** The core of the load generator. */
export const LOAD_CORE = 1;

const hasTaskset = (() => {
  try {
    execFileSync('taskset', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

/** Whether processes can be pinned to a core on this machine; without it figures of one run still compare. */
export const canPin = hasTaskset;

/** Starts a program on one core; its standard error is the bench's own. */
export function spawnPinned(
  core: number,
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): ChildProcess {
  const [program, words] = hasTaskset
    ? ['taskset', ['-c', String(core), command, ...args]]
    : [command, [...args]];
  return spawn(program, words, {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    env: { ...process.env, ...env },
  });
}

/** Moves this process, the load generator, to its core. */
export function pinLoadGenerator(): void {
  if (hasTaskset)
    execFileSync('taskset', ['-acp', String(LOAD_CORE), String(process.pid)], { stdio: 'ignore' });
}

/** Lets this process, and what it starts with `spawnFree`, run on every core again. */
export function unpinLoadGenerator(): void {
  if (hasTaskset)
    execFileSync('taskset', ['-acp', `0-${cpus().length - 1}`, String(process.pid)], { stdio: 'ignore' });
}

/** Starts a program on whichever cores this process may use; its standard error is the bench's own. */
export function spawnFree(command: string, args: readonly string[]): ChildProcess {
  return spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
}

/** Clock ticks per second of `/proc/<pid>/stat`; 100 on every Linux that Node.js runs on. */
const TICKS_PER_SECOND = 100;

/** CPU seconds that a process and its waited-for children have used, from the kernel. */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** How long a process's main thread has been ready to run without a core, in milliseconds, from the kernel. */
export function coreWaitMs(pid: number): number {
  const [, waitedNanos] = readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ');
  return Number(waitedNanos) / 1e6;
}

/** Longest wait for a child's first message, in milliseconds: it may be the result of a whole round. */
const LONGEST_FIRST_MESSAGE_MS = 120_000;

/** Resolves with the first message a child sends over its channel. @throws Error when none comes in time. */
export function firstMessage<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`a bench's server said nothing within ${LONGEST_FIRST_MESSAGE_MS} ms`));
    }, LONGEST_FIRST_MESSAGE_MS);
    child.once('message', (message) => {
      clearTimeout(late);
      resolve(message as T);
    });
    child.once('exit', (code) => {
      clearTimeout(late);
      reject(new Error(`a bench's server ended with ${code} before it was ready`));
    });
  });
}

/** Ends a child and waits until it has gone. */
export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}
