import type { ChildProcess } from 'node:child_process';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** What a process takes after a full collection, in bytes. */
export interface Memory {
  readonly heap: number;
  /** Of buffers, outside the heap. */
  readonly external: number;
  /** Of the whole process, as the kernel counts it. */
  readonly resident: number;
}

/** Collections before memory is told: finalisers that the first one calls may free more. */
const COLLECTIONS = 3;

/** Answers `memory` on this process's channel: first everything that can be is let go. */
export function answerMemory(): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  process.on('message', (message) => {
    if (message !== 'memory') return;
    void (async () => {
      for (let count = 0; count < COLLECTIONS; count += 1) {
        collect();
        await new Promise((resolve) => setImmediate(resolve));
      }
      const { heapUsed, external, rss } = process.memoryUsage();
      process.send?.({ memory: { heap: heapUsed, external, resident: rss } satisfies Memory });
    })();
  });
}

/** Asks a child that answers it for its memory. */
export function memoryOf(child: ChildProcess): Promise<Memory> {
  return new Promise((resolve) => {
    const listen = (message: unknown): void => {
      if (typeof message !== 'object' || message === null || !('memory' in message)) return;
      child.off('message', listen);
      resolve(message.memory as Memory);
    };
    child.on('message', listen);
    child.send('memory');
  });
}
