import { randomUUID } from 'node:crypto';
import { PassThrough, Writable } from 'node:stream';
import type { CommandIo } from '../../src/adapters/inbound/cli/client/command-io.ts';
import { NodeDigest } from '../../src/adapters/outbound/system/node-digest.ts';
import { EagerTimers } from './eager-timers.ts';
import { ManualClock } from './manual-clock.ts';

/** Longest wait that ends at once, in milliseconds: every wait between tries, but no limit on silence. */
const LONGEST_WAIT_MS = 15_000;

/** Collects what a command writes, and lets a test wait for it. */
class Collected extends Writable {
  isTTY = false;
  text = '';

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.text += chunk.toString('utf8');
    this.emit('grown');
    done();
  }

  /** Resolves once the text contains `part`. */
  async until(part: string): Promise<void> {
    while (!this.text.includes(part)) await new Promise((resolve) => this.once('grown', resolve));
  }
}

/** The world of a command under test: what it writes is collected, time does not pass, Ctrl-C is a method. */
export class FakeCommandIo implements CommandIo {
  readonly stdin = Object.assign(new PassThrough(), { isTTY: false });
  readonly stdout = new Collected();
  readonly stderr = new Collected();
  readonly clock = new ManualClock();
  readonly timers = new EagerTimers(LONGEST_WAIT_MS);
  readonly ids = {
    uuid: () => randomUUID(),
    secret: () => randomUUID(),
    fraction: () => 0.5,
  };
  readonly digest = new NodeDigest();
  readonly #listeners = new Set<() => void>();
  readonly onInterrupt = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Ctrl-C. */
  interrupt(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}
