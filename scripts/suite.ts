import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** What one part of `npm test` came to. */
export interface Outcome {
  readonly name: string;
  readonly passed: number;
  readonly failed: number;
  readonly seconds: number;
  /** What failed and why, a line each, as far as there is more to say than the name. */
  readonly failures?: readonly string[];
}

/** Test files that mocha runs together. */
export interface Suite {
  readonly name: string;
  /** Patterns, in the order in which the files are begun; a file runs once, however many of them name it. */
  readonly files: readonly string[];
  /** Patterns of files that these patterns name too, and that do not belong to the suite. */
  readonly except?: readonly string[];
  /**
   * Patterns of files that these patterns name too, and that are begun evenly among the others: side by side they would
   * wait for one another.
   */
  readonly among?: readonly string[];
  /** What mocha is told besides. */
  readonly options: readonly string[];
}

/** What the reporter has left behind so far. */
interface Counts {
  readonly passes: number;
  readonly failures: readonly string[];
  /** The test or hook that began last. */
  readonly begun: string;
  /** The files of which something is known. */
  readonly files: readonly string[];
}

const REPORTER = fileURLToPath(new URL('mocha/count-reporter.cjs', import.meta.url));
/** How long what a suite has started may take to go when it is told to, in milliseconds. */
const GOING_MS = 3_000;
/** Time between two looks at what has still to go, in milliseconds. */
const LOOK_EVERY_MS = 50;

/**
 * Runs a suite. When it is stopped, which ends everything that it has started too, that counts as one more failure
 * beside those that it has counted until then.
 *
 * @param tell takes sentences about how it went; what the tests say goes to the caller's own output.
 * @throws Error when a pattern names no file.
 */
export async function runSuite(
  suite: Suite,
  stop: AbortSignal,
  tell: (text: string) => void,
): Promise<Outcome> {
  const { name, options } = suite;
  const files = filesOf(suite);
  const scratch = mkdtempSync(join(tmpdir(), 'holdfast-suite-'));
  const output = join(scratch, 'counts.json');
  const reporter = ['--reporter', REPORTER, '--reporter-option', `output=${output}`];
  const startedAt = performance.now();
  try {
    const code = await run([...options, ...reporter, ...files], stop);
    const seconds = (performance.now() - startedAt) / 1000;
    const counts = read(output);
    const passed = counts?.passes ?? 0;
    const failures = counts?.failures ?? [];
    let failed = failures.length;
    if (stop.aborted) tell(`${name}: stopped after ${seconds.toFixed(1)} s. ${whereItWas(files, counts)}\n`);
    else if (counts === undefined) tell(`${name}: mocha ended before it could count\n`);
    if (stop.aborted || (code !== 0 && failed === 0) || passed + failed === 0) failed += 1;
    return { name, passed, failed, seconds, failures };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** The files of a suite, in the order in which they are begun. */
function filesOf(suite: Suite): string[] {
  const except = new Set(found(suite.except ?? []));
  const files = [...new Set(found(suite.files))].filter((file) => !except.has(file));
  const among = new Set(found(suite.among ?? []));
  const placed = (part: readonly string[]) =>
    part.map((file, index) => ({ file, at: (index + 0.5) / part.length }));
  const parts = [files.filter((file) => !among.has(file)), files.filter((file) => among.has(file))];
  return parts
    .flatMap(placed)
    .sort((one, other) => one.at - other.at)
    .map(({ file }) => file);
}

/** @throws Error when a pattern names no file, since that one may have been moved, and its tests be lost. */
const found = (patterns: readonly string[]): string[] =>
  patterns.flatMap((pattern) => {
    const files = globSync(pattern).sort();
    if (files.length === 0) throw new Error(`There is no test file ${pattern}.`);
    return files;
  });

function whereItWas(files: readonly string[], counts: Counts | undefined): string {
  const silent = files.filter((file) => !counts?.files.includes(file));
  return `The last that was heard of is "${counts?.begun ?? ''}"; nothing was heard of ${silent.join(', ') || 'no file'}.`;
}

function read(output: string): Counts | undefined {
  try {
    return JSON.parse(readFileSync(output, 'utf8')) as Counts;
  } catch {
    return undefined;
  }
}

/** Runs mocha in a group of its own, so that the servers and browsers that its tests have started end with it. */
async function run(words: readonly string[], stop: AbortSignal): Promise<number> {
  const mocha = spawn('mocha', words, { stdio: ['ignore', 'inherit', 'inherit'], detached: true });
  const signal = (name: NodeJS.Signals | 0): boolean => signalGroup(mocha.pid, name);
  const end = (): boolean => signal('SIGTERM');
  // What ends this process, such as Ctrl-C, does not reach another group by itself.
  process.once('exit', end);
  stop.addEventListener('abort', end);
  try {
    const [code] = (await once(mocha, 'exit')) as [number | null];
    end();
    const until = performance.now() + GOING_MS;
    while (signal(0) && performance.now() < until) await sleep(LOOK_EVERY_MS);
    return code ?? 1;
  } finally {
    signal('SIGKILL');
    process.off('exit', end);
    stop.removeEventListener('abort', end);
  }
}

/** Whether anybody of a group of processes was left to be told. */
function signalGroup(pid: number | undefined, name: NodeJS.Signals | 0): boolean {
  if (pid === undefined) return false;
  try {
    return process.kill(-pid, name);
  } catch {
    return false;
  }
}
