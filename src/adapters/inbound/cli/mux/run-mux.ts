import { MuxClient } from '../../../../client/mux/mux-client.ts';
import { ApiClient } from '../client/api-client.ts';
import type { CommandIo } from '../client/command-io.ts';
import { runCommand } from '../client/command-run.ts';
import { EXIT } from '../client/exit-code.ts';
import { Interrupted } from '../client/failures.ts';
import { logIn, warnInTheClear } from '../client/log-in.ts';
import { waitText } from '../client/retry.ts';
import { serviceUrls } from '../client/service-urls.ts';
import { Terminal } from '../client/terminal.ts';
import { ChatLoad } from './chat-load.ts';
import { Latencies } from './latencies.ts';
import { MuxBoard } from './mux-board.ts';
import type { MuxOptions } from './mux-options.ts';
import { type FloodSummary, type MuxSummary, spreadOf, summaryText, sumUp } from './mux-summary.ts';
import { explained, type LoadWorld, openFlood, openLoads } from './open-loads.ts';
import type { SessionLoad } from './session-load.ts';

/** How often a terminal is drawn anew, and how often lines are written elsewhere, in milliseconds. */
const DRAW_EVERY_MS = 500;
const LINE_EVERY_MS = 1_000;
/** How long the first session may take to open, in milliseconds. */
const OPEN_WITHIN_MS = 10_000;

/**
 * `holdfast mux`: opens sessions over a few WebSockets, keeps them at work and shows how each does. With a flood, one more
 * session sends twelve times what it may, in the second half of the run, on the connection of the others.
 *
 * @returns the exit code: 0; 1 for a refusal, or when a flood hurt others; 2 wrong usage; 3 unreachable; 130.
 */
export function runMux(options: MuxOptions, io: CommandIo): Promise<number> {
  return runCommand(io, async () => {
    const terminal = new Terminal(io);
    const urls = serviceUrls(options);
    warnInTheClear(options, urls, terminal);
    const login = await logIn(options, urls, io, (notice) => terminal.say(waitText(notice)));
    const api = new ApiClient(urls, io.clock, login);
    // Told by HTTP what a WebSocket does not tell: that nobody listens, or that a key is not good.
    await api.call({ service: 'auth', path: '/api/auth/me' });
    const mux = new MuxClient({
      url: urls.chat,
      openWithinMs: OPEN_WITHIN_MS,
      // A flood is to be on the connection of those that it may not hurt.
      ...(options.flood ? { maxConnections: 1 } : {}),
      credential: async ({ reason, previous }) => {
        if (reason !== 'connect' && previous !== undefined) await login.renew(previous);
        return login.token();
      },
    });
    const run = new MuxRun(options, { mux, api, io, say: (line) => terminal.say(line) }, terminal);
    try {
      return await run.toEnd();
    } finally {
      await mux.close();
      await login.close();
    }
  });
}

/** One run of the command, from the first session to the summary. */
class MuxRun {
  readonly #options: MuxOptions;
  readonly #world: LoadWorld;
  readonly #terminal: Terminal;
  readonly #stop = new AbortController();
  readonly #ended: Record<string, number> = {};
  #isInterrupted = false;

  constructor(options: MuxOptions, world: LoadWorld, terminal: Terminal) {
    this.#options = options;
    this.#world = world;
    this.#terminal = terminal;
  }

  async toEnd(): Promise<number> {
    const { io, mux } = this.#world;
    const stopListening = io.onInterrupt(() => {
      this.#isInterrupted = true;
      this.#stop.abort();
    });
    const loads: SessionLoad[] = [];
    try {
      loads.push(...(await this.#open()));
      const beganMs = performance.now();
      const working = loads.map((load) => this.#work(load));
      const flood = await this.#watch(loads);
      const seconds = Math.round((performance.now() - beganMs) / 1_000);
      const connections = mux.connections;
      this.#stop.abort();
      await Promise.all(working);
      const summed = sumUp(loads, this.#ended, { connections, seconds });
      return await this.#tell(flood === undefined ? summed : { ...summed, flood });
    } finally {
      stopListening();
      this.#stop.abort();
      for (const load of loads) if (load instanceof ChatLoad) await load.tidyUp();
    }
  }

  /** Opens the sessions. @throws Interrupted at once when the user asks to leave meanwhile. */
  async #open(): Promise<SessionLoad[]> {
    const giveUp = (): void => void this.#world.mux.close();
    this.#stop.signal.addEventListener('abort', giveUp, { once: true });
    try {
      return await openLoads(this.#options, this.#world);
    } catch (error) {
      throw this.#isInterrupted ? new Interrupted('Nothing was opened yet') : error;
    } finally {
      this.#stop.signal.removeEventListener('abort', giveUp);
    }
  }

  /** Lets a session work, and notes how it ended when that was before its time. */
  async #work(load: SessionLoad): Promise<void> {
    void load.session.ended.then(({ code, error }) => {
      if (this.#stop.signal.aborted) return;
      const how = String(code ?? error?.code ?? 'nothing');
      this.#ended[how] = (this.#ended[how] ?? 0) + 1;
    });
    await load.run(this.#stop.signal);
    if (load instanceof ChatLoad && load.refusal !== undefined && !this.#stop.signal.aborted)
      this.#terminal.say(`[Chat ${load.name}: ${load.refusal}]`);
  }

  /** Shows the sessions until the time is over, or all of them are. */
  async #watch(loads: readonly SessionLoad[]): Promise<FloodSummary | undefined> {
    const { seconds, flood, json } = this.#options;
    const board = new MuxBoard(this.#world.io, json);
    if (!flood) {
      await this.#show(board, loads, seconds);
      return undefined;
    }
    await this.#show(board, loads, seconds / 2);
    const before = spreadOf(loads.map(({ latencies }) => latencies));
    const quietBefore = this.#troubles(loads);
    for (const load of loads) load.latencies = new Latencies();
    const flooding = await openFlood(this.#options, this.#world).catch((error: unknown) => {
      throw explained(error);
    });
    const working = flooding.run(this.#stop.signal);
    await this.#show(board, [...loads, flooding], seconds / 2);
    const { sent, refused, resumes } = flooding.session.stats();
    const quiet = this.#troubles(loads);
    this.#stop.abort();
    await working;
    return {
      before,
      during: spreadOf(loads.map(({ latencies }) => latencies)),
      quietRefused: quiet.refused - quietBefore.refused,
      quietClosed: quiet.closed - quietBefore.closed,
      sent,
      refused,
      closed: resumes,
    };
  }

  #troubles(loads: readonly SessionLoad[]): { readonly refused: number; readonly closed: number } {
    const stats = loads.map(({ session }) => session.stats());
    const closed = stats.reduce((sum, { resumes, state }) => sum + resumes + (state === 'open' ? 0 : 1), 0);
    return { refused: stats.reduce((sum, { refused }) => sum + refused, 0), closed };
  }

  async #show(board: MuxBoard, loads: readonly SessionLoad[], seconds: number): Promise<void> {
    const { io, mux } = this.#world;
    const everyMs = io.stdout.isTTY === true && !this.#options.json ? DRAW_EVERY_MS : LINE_EVERY_MS;
    const untilMs = performance.now() + seconds * 1_000;
    for (;;) {
      const leftMs = untilMs - performance.now();
      // What is left after the last whole turn shows nothing new.
      if (this.#stop.signal.aborted || leftMs < everyMs / 4) return;
      await io.timers.sleep(Math.min(everyMs, leftMs), this.#stop.signal).catch(() => undefined);
      await board.show(loads, mux.connections);
      if (loads.every(({ session }) => session.state === 'over')) return;
    }
  }

  async #tell(summary: MuxSummary): Promise<number> {
    if (this.#options.json) await this.#terminal.showJson({ summary });
    else await this.#terminal.show(`${summaryText(summary)}\n`);
    if (this.#isInterrupted) return EXIT.interrupted;
    const { flood, ended } = summary;
    const isHurt = flood !== undefined && (flood.quietRefused > 0 || flood.quietClosed > 0);
    return isHurt || Object.keys(ended).length > 0 ? EXIT.no : EXIT.done;
  }
}
