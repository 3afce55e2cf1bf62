import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** A program that tests need beside Node.js, and how a machine that has never seen it gets one. */
export interface Service {
  /** What people call it. */
  readonly name: string;
  /** The environment variable that names the program and goes before everything else. */
  readonly variable: string;
  /** Names to look for on the PATH, the best first. */
  readonly programs: readonly string[];
  /** The Debian package that brings the first of the programs. */
  readonly debianPackage: string;
}

/** The machine as a finder sees it. */
export interface Machine {
  readonly env: NodeJS.ProcessEnv;
  /** Whether packages can be installed without asking anybody. */
  readonly isRoot: boolean;
}

const THIS_MACHINE: Machine = { env: process.env, isRoot: process.getuid?.() === 0 };
/** Longest time that an install may take, in milliseconds. */
const INSTALL_TIMEOUT_MS = 10 * 60_000;

/**
 * Finds the program of a service: the one that its variable names, else one on the PATH.
 *
 * @returns its path; undefined where there is none.
 * @throws Error with a sentence when the variable names nothing that can be run.
 */
export function findService(
  { name, variable, programs }: Service,
  { env }: Machine = THIS_MACHINE,
): string | undefined {
  const named = env[variable];
  if (named !== undefined && named !== '') {
    if (isProgram(named)) return named;
    throw new Error(`${variable} names ${named}, which is no program that can be run: ${name} is needed.`);
  }
  return programOnPath(programs, env);
}

/** The first of these programs that is on the PATH. */
export function programOnPath(programs: readonly string[], env = process.env): string | undefined {
  const folders = (env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return programs.flatMap((program) => folders.map((folder) => join(folder, program))).find(isProgram);
}

/**
 * Finds the program of a service, and installs it where that asks nobody: as root on a machine with apt.
 *
 * @returns its path.
 * @throws Error with a sentence that says what to do.
 */
export function provideService(service: Service, machine: Machine = THIS_MACHINE): string {
  const found = findService(service, machine);
  if (found !== undefined) return found;
  const { name, variable, programs, debianPackage } = service;
  const wanted = `${name} is needed by the tests: install it (Debian: apt-get install ${debianPackage}), or name its program in ${variable}.`;
  if (!machine.isRoot) throw new Error(wanted);
  const failure = aptInstall(debianPackage, machine.env);
  if (failure !== undefined) throw new Error(`${wanted} ${failure}`);
  const installed = findService(service, machine);
  if (installed !== undefined) return installed;
  throw new Error(`${wanted} Installing ${debianPackage} brought none of ${programs.join(', ')}.`);
}

/** Installs a package without a question, and without starting what it brings. Returns a sentence when it could not. */
export function aptInstall(debianPackage: string, env = process.env): string | undefined {
  const steps = [
    ['update', '-qq'],
    ['install', '-y', '-qq', '--no-install-recommends', debianPackage],
  ];
  for (const step of steps) {
    const { status, stderr, error } = spawnSync('apt-get', step, {
      encoding: 'utf8',
      timeout: INSTALL_TIMEOUT_MS,
      env: { ...env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
    });
    if (status !== 0) {
      const reason = error?.message ?? stderr.trim().split('\n').at(-1) ?? '';
      return `Installing it here failed at apt-get ${step[0]}: ${reason}`;
    }
  }
  return undefined;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
