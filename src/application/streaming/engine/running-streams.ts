import type { UserId } from '../../../domain/identity/ids.ts';
import type { StreamId } from '../../../domain/streaming/stream-id.ts';
import { STOPPED } from './build-seal.ts';
import { StreamRunner, type StreamRunnerDeps, type StreamStart } from './stream-runner.ts';

/** How often everything that time can change is looked at, in milliseconds. */
export const TICK_MS = 250;
/** How long streams that were interrupted at shutdown may take to be sealed, in milliseconds. */
export const SEAL_AT_SHUTDOWN_MS = 5_000;
/** Most streams that are remembered because they were to be stopped before they ran here; the oldest are forgotten. */
const MAX_UNWANTED = 1_000;

/** The streams that this process drives. */
export class RunningStreams {
  readonly #deps: StreamRunnerDeps;
  readonly #shutdown = new AbortController();
  readonly #runners = new Map<StreamId, StreamRunner>();
  readonly #unwanted = new Set<StreamId>();
  #ticking = false;
  #draining = false;
  /** The grace of the shutdown has passed. */
  #over = false;

  constructor(deps: Omit<StreamRunnerDeps, 'shutdown'>) {
    this.#deps = { ...deps, shutdown: this.#shutdown.signal };
  }

  /** True once {@link drain} was called: no stream may start. */
  get isDraining(): boolean {
    return this.#draining;
  }

  /** How many streams run here. */
  get size(): number {
    return this.#runners.size;
  }

  /** Takes a stream that is stored as running; its model is asked when its runner is told to begin. */
  start(start: StreamStart): StreamRunner {
    const runner = new StreamRunner(this.#deps, start);
    this.#runners.set(runner.id, runner);
    this.#gauge();
    void runner.closed.then(() => {
      this.#runners.delete(runner.id);
      this.#gauge();
    });
    if (!this.#ticking) void this.#tick();
    if (this.#unwanted.delete(runner.id)) runner.end(STOPPED);
    // Its start was under way when the others were interrupted: nobody would be left to end it.
    if (this.#over) runner.end({ kind: 'interrupt' });
    return runner;
  }

  /**
   * Stops a stream if it runs here, and at once if it does later: it may be stored as running while this process, which
   * activates it, has not been told. Whoever ends it from its log would else bill nothing for a model that is asked then.
   */
  stop(id: StreamId): void {
    const runner = this.#runners.get(id);
    if (runner !== undefined) {
      runner.end(STOPPED);
      return;
    }
    this.#unwanted.add(id);
    const [oldest] = this.#unwanted;
    if (this.#unwanted.size > MAX_UNWANTED && oldest !== undefined) this.#unwanted.delete(oldest);
  }

  find(id: StreamId): StreamRunner | undefined {
    return this.#runners.get(id);
  }

  /** The ids of the streams that run here. */
  ids(): readonly StreamId[] {
    return [...this.#runners.keys()];
  }

  /** Lets go of streams that are not this node's any more, of all when none are named. */
  lose(ids: readonly StreamId[] = this.ids()): void {
    for (const id of ids) this.#runners.get(id)?.lose();
  }

  /** Whose streams run here, each as often as he has some. */
  owners(): readonly UserId[] {
    return [...this.#runners.values()].map((runner) => runner.owner);
  }

  /** The streams of one owner. */
  ofOwner(owner: UserId): readonly StreamRunner[] {
    return [...this.#runners.values()].filter((runner) => runner.owner === owner);
  }

  /**
   * Ordered shutdown: lets streams go on until `graceMs` have passed, then interrupts them, so that their readers
   * get an honest end. What the store cannot take in time is sealed at the next start.
   */
  async drain(graceMs: number): Promise<void> {
    this.#draining = true;
    await this.#settled(graceMs);
    this.#over = true;
    for (const runner of this.#runners.values()) runner.end({ kind: 'interrupt' });
    await this.#settled(SEAL_AT_SHUTDOWN_MS);
    this.#shutdown.abort(new Error('the program ends'));
  }

  /** Resolves when no stream is left here, or after a while. */
  async #settled(withinMs: number): Promise<void> {
    const done = new AbortController();
    const all = Promise.all([...this.#runners.values()].map((runner) => runner.closed)).then(() =>
      done.abort(),
    );
    await Promise.race([all, this.#deps.timers.sleep(withinMs, done.signal).catch(() => undefined)]);
  }

  async #tick(): Promise<void> {
    this.#ticking = true;
    while (this.#runners.size > 0) {
      await this.#deps.timers.sleep(TICK_MS);
      const nowMs = this.#deps.clock.nowMs();
      for (const runner of this.#runners.values()) runner.tick(nowMs);
    }
    this.#ticking = false;
  }

  #gauge(): void {
    this.#deps.metrics.gauge('holdfast_streams_running', this.#runners.size);
  }
}
