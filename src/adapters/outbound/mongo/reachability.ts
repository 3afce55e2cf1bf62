import { setTimeout as pause } from 'node:timers/promises';
import { MongoServerSelectionError } from 'mongodb';
import { metBy } from './mongo-fault.ts';

/** Rest between two looks for a server that is gone, in milliseconds; a look itself waits for one to come. */
const LOOK_EVERY_MS = 250;

/**
 * Whether there is a server that takes commands. The driver waits for one before each command. Once it has waited in
 * vain nobody waits again until a look has found one: what is asked meanwhile can be refused at once.
 */
export class Reachability {
  readonly #look: () => Promise<unknown>;
  #isGone = false;
  #isClosed = false;

  /** @param look resolves when a server has answered. */
  constructor(look: () => Promise<unknown>) {
    this.#look = look;
  }

  get isGone(): boolean {
    return this.#isGone;
  }

  /** Hears how a command failed. */
  heard(error: unknown): void {
    if (!(metBy(error) instanceof MongoServerSelectionError) || this.#isGone || this.#isClosed) return;
    this.#isGone = true;
    void this.#lookUntilFound();
  }

  /** Looks no more. */
  close(): void {
    this.#isClosed = true;
  }

  /** Never rejects. */
  async #lookUntilFound(): Promise<void> {
    while (this.#isGone && !this.#isClosed) {
      await pause(LOOK_EVERY_MS, undefined, { ref: false });
      this.#isGone = await this.#look().then(
        () => false,
        () => true,
      );
    }
  }
}
