import type { ChildProcess } from 'node:child_process';
import { existsSync, readFileSync, watch } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Waits until a server has written its ready file, in a folder that is there already, and gives what it wrote.
 *
 * @param child the server, which was given the file's path as `--ready-file`.
 * @param withinMs how long it may take.
 * @throws Error when the server ends before it is ready, or is not ready in time; it is left as it is then.
 */
export function untilReady<Written>(child: ChildProcess, path: string, withinMs: number): Promise<Written> {
  return new Promise((resolve, reject) => {
    const watcher = watch(dirname(path), check);
    const late = setTimeout(() => finish(new Error(`not ready within ${withinMs} ms`)), withinMs);
    const onExit = (code: number | null): void => finish(new Error(`ended with ${code} before it was ready`));
    child.once('exit', onExit);
    child.once('error', finish);
    function finish(error?: Error): void {
      clearTimeout(late);
      watcher.close();
      child.off('exit', onExit);
      child.off('error', finish);
      if (error) reject(error);
      else resolve(JSON.parse(readFileSync(path, 'utf8')) as Written);
    }
    function check(): void {
      if (existsSync(path)) finish();
    }
    check();
  });
}
