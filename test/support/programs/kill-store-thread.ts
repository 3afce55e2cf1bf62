/** Loaded before a server's own code, in each of its threads: ends the threads of the store once a file is there. */
import { existsSync } from 'node:fs';
import { isMainThread, workerData } from 'node:worker_threads';

/** How often the file is looked for, in milliseconds. */
const LOOK_EVERY_MS = 20;

if (!isMainThread && workerData?.ballastPath !== undefined) {
  setInterval(() => {
    if (existsSync(process.env.END_STORE_THREAD ?? '')) process.exit(1);
  }, LOOK_EVERY_MS).unref();
}
