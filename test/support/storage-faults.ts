import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CommandOutcome, runToEnd } from './holdfast-command.ts';

/** With this largest size of a file, in bytes, no write of a store goes through, though nothing else changes. */
const NOTHING_FITS_BYTES = 1_024;

/** Makes every write of a process to its files fail. */
export const breakStorage = (pid: number): void => limitFileSize(pid, `${NOTHING_FITS_BYTES}`);

/** Lets the process write again. */
export const mendStorage = (pid: number): void => limitFileSize(pid, 'unlimited');

/** Only the soft limit is moved, so that it needs no privilege to move it back. */
function limitFileSize(pid: number, size: string): void {
  const { status, stderr, error } = spawnSync('prlimit', ['--pid', String(pid), `--fsize=${size}:`], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`the limit could not be set: ${error?.message ?? stderr}`);
}

/** Whether this user may mount a disk in a namespace of its own. */
export function mayMount(): boolean {
  const probe = mkdtempSync(join(tmpdir(), 'holdfast-mount-'));
  const { status } = spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', probe]);
  rmSync(probe, { recursive: true, force: true });
  return status === 0;
}

/** The command within which a process has a disk of its own at a path, and the disk ends with the process. */
export const onDisk = (path: string, mebibytes: number): readonly string[] => {
  const script = `mount -t tmpfs -o size=${mebibytes}m,mode=700 tmpfs "$0" && exec "$@"`;
  return ['unshare', '-m', 'sh', '-c', script, path];
};

/** The same, with a copy of a data folder on it as `data` and not a byte of room left. */
export const onFullDisk = (path: string, mebibytes: number, data: string): readonly string[] => {
  const mount = `mount -t tmpfs -o size=${mebibytes}m,mode=700 tmpfs "$0" && cp -a "$1" "$0/data"`;
  const fill = 'cat /dev/zero > "$0/filler" 2>/dev/null';
  return ['unshare', '-m', 'sh', '-c', `${mount} && ! ${fill} && shift && exec "$@"`, path, data];
};

/** A path as another process sees it, who may have a disk of its own there. */
export const asSeenBy = (pid: number, path: string): string => `/proc/${pid}/root${path}`;

/** Runs `holdfast` where that process's disk is seen. */
export function holdfastBeside(pid: number, args: readonly string[]): Promise<CommandOutcome> {
  const entered = [`--target=${pid}`, '--mount', `--wd=${process.cwd()}`];
  return runToEnd('nsenter', [...entered, process.execPath, 'bin/holdfast.js', ...args]);
}
