import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { WorkerFiles, WorkerOrder, WriterReport } from './writer-messages.ts';

/** `.ts` from the sources, `.js` from the packed tarball. */
const EXTENSION = extname(import.meta.filename);

/** The entry file of one of the store's own workers. */
export const workerEntry = (name: 'writer-worker' | 'checkpoint-worker'): URL =>
  new URL(`./${name}${EXTENSION}`, import.meta.url);

/** One of the store's threads, seen from the main thread. */
export class StoreWorker {
  readonly #worker: Worker;
  onReport: (report: WriterReport) => void = () => {};
  /** Called once when the thread ends in any way that was not asked for. */
  onDeath: (cause: Error) => void = () => {};

  private constructor(worker: Worker) {
    this.#worker = worker;
  }

  /**
   * Starts a thread and waits until it is ready.
   *
   * @throws Error with the thread's own sentence when it cannot start.
   */
  static async start(entry: URL, files: WorkerFiles): Promise<StoreWorker> {
    const worker = new Worker(entry, { workerData: files });
    const started = new StoreWorker(worker);
    const ready = new Promise<void>((resolve, reject) => {
      started.onDeath = reject;
      started.onReport = (report) => {
        if (report.kind === 'cannot-start') reject(new Error(report.message));
        else resolve();
      };
    });
    worker.on('message', (report: WriterReport) => started.onReport(report));
    worker.once('error', (cause) =>
      started.onDeath(cause instanceof Error ? cause : new Error(String(cause))),
    );
    worker.once('exit', () => started.onDeath(new Error('the thread has ended')));
    try {
      await ready;
    } catch (error) {
      await worker.terminate();
      throw error;
    }
    return started;
  }

  send(order: WorkerOrder): void {
    this.#worker.postMessage(order);
  }

  /** Lets the thread finish what it was sent, and ends it. */
  async close(): Promise<void> {
    const ended = new Promise<void>((resolve) => {
      this.onDeath = () => resolve();
    });
    this.send({ kind: 'close' });
    await ended;
  }

  /** Ends the thread at once, whatever it does. */
  async terminate(): Promise<void> {
    this.onDeath = () => {};
    await this.#worker.terminate();
  }
}
