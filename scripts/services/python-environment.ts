import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** A program that comes as a Python package. */
export interface PythonPackage {
  /** What pip is asked for, with its range of versions. */
  readonly requirement: string;
  /** The folder's name under the cache folder; another one for another range. */
  readonly folder: string;
}

/** Longest time that one step of an install may take, in milliseconds. */
const STEP_TIMEOUT_MS = 5 * 60_000;
/** A lock older than this was left by a process that died, in milliseconds. */
const STALE_LOCK_MS = 2 * STEP_TIMEOUT_MS;
/** Time between two looks at another process's install, in milliseconds. */
const WAIT_MS = 200;

/** Where programs that the tests install for themselves are kept. */
export const cacheFolder = (): string =>
  join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'holdfast');

/**
 * Installs a package in a virtual environment of its own under the cache folder, unless it is there. Processes that
 * need the same one wait for each other.
 *
 * @returns the environment's folder.
 * @throws Error with a sentence when it could not be installed.
 */
export function pythonEnvironment({ requirement, folder }: PythonPackage): string {
  const path = join(cacheFolder(), folder);
  const complete = join(path, '.complete');
  if (existsSync(complete)) return path;
  mkdirSync(cacheFolder(), { recursive: true });
  const lock = `${path}.lock`;
  takeLock(lock);
  try {
    if (existsSync(complete)) return path;
    rmSync(path, { recursive: true, force: true });
    step('python3', ['-m', 'venv', path]);
    step(join(path, 'bin', 'pip'), ['install', '--quiet', '--disable-pip-version-check', requirement]);
    writeFileSync(complete, '');
    return path;
  } finally {
    rmdirSync(lock);
  }
}

function takeLock(lock: string): void {
  for (;;) {
    try {
      mkdirSync(lock);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    if (isStale(lock)) rmSync(lock, { recursive: true, force: true });
    else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, WAIT_MS);
  }
}

function isStale(lock: string): boolean {
  const made = statSync(lock, { throwIfNoEntry: false })?.mtimeMs;
  return made !== undefined && Date.now() - made > STALE_LOCK_MS;
}

function step(program: string, args: readonly string[]): void {
  const { status, stderr, error } = spawnSync(program, args, { encoding: 'utf8', timeout: STEP_TIMEOUT_MS });
  if (status === 0) return;
  const reason = error?.message ?? stderr.trim().split('\n').at(-1) ?? '';
  throw new Error(`${[program, ...args].join(' ')} failed: ${reason}`);
}
