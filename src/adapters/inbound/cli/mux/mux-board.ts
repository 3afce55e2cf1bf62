import type { CommandIo } from '../client/command-io.ts';
import { safeText } from '../client/safe-text.ts';
import { Terminal } from '../client/terminal.ts';
import type { SessionLoad } from './session-load.ts';

/** Lines of a terminal that does not say how many it has. */
const USUAL_LINES = 24;
/** Lines beside the sessions' own: the head, the rest and the foot. */
const OTHER_LINES = 4;
/** Goes to the begin of the line so many lines above, and empties everything from there on. */
const upTo = (lines: number): string => `\u001b[${lines}F\u001b[J`;

/** One session as it is shown at one moment. */
export interface SessionView {
  readonly session: string;
  readonly state: string;
  /** Messages that came in the last second. */
  readonly perSecond: number;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  /** Bytes that wait: to be sent, and to be read. */
  readonly queueOut: number;
  readonly queueIn: number;
  /** What the server lets be sent, and what it is let send, in bytes. */
  readonly windowOut: number;
  readonly windowIn: number;
  readonly refused: number;
  readonly resumes: number;
}

const HEAD = [
  'session',
  'state',
  'rate',
  'p50',
  'p99',
  'queue out',
  'in',
  'window out',
  'in',
  'refused',
  'back',
];
const WIDTHS = [12, 11, 8, 9, 9, 10, 9, 10, 9, 8, 5];

/** Shows sessions at work: on a terminal as a table that is drawn anew, elsewhere as a line a second for each. */
export class MuxBoard {
  readonly #io: CommandIo;
  readonly #terminal: Terminal;
  readonly #json: boolean;
  readonly #beginMs = performance.now();
  readonly #before = new Map<SessionLoad, number>();
  #lastMs = performance.now();
  #drawn = 0;

  constructor(io: CommandIo, json: boolean) {
    this.#io = io;
    this.#terminal = new Terminal(io);
    this.#json = json;
  }

  /** Shows how it stands. `connections`: how many are open. */
  async show(loads: readonly SessionLoad[], connections: number): Promise<void> {
    const nowMs = performance.now();
    const seconds = (nowMs - this.#lastMs) / 1_000;
    this.#lastMs = nowMs;
    const views = loads.map((load) => this.#view(load, seconds));
    const second = Math.round((nowMs - this.#beginMs) / 1_000);
    if (this.#json) await this.#terminal.showJson({ second, connections, sessions: views });
    else if (this.#io.stdout.isTTY === true) this.#draw(views, second, connections);
    else {
      if (this.#drawn === 0) await this.#terminal.show(`second ${lineOf(HEAD)}\n`);
      this.#drawn = 1;
      const lines = views.map((view) => `${String(second).padStart(6)} ${rowOf(view)}\n`);
      await this.#terminal.show(lines.join(''));
    }
  }

  #view(load: SessionLoad, seconds: number): SessionView {
    const { state, received, outgoing, incoming, refused, resumes } = load.session.stats();
    const since = received - (this.#before.get(load) ?? 0);
    this.#before.set(load, received);
    return {
      session: load.name,
      state,
      perSecond: round(since / Math.max(seconds, 0.001)),
      p50Ms: roundOrNull(load.latencies.quantile(0.5)),
      p99Ms: roundOrNull(load.latencies.quantile(0.99)),
      queueOut: outgoing.bytes,
      queueIn: incoming.bytes,
      windowOut: outgoing.window,
      windowIn: incoming.window,
      refused,
      resumes,
    };
  }

  #draw(views: readonly SessionView[], second: number, connections: number): void {
    const { rows = 0 } = this.#io.stdout as { readonly rows?: number };
    const shown = views.slice(0, Math.max(1, (rows || USUAL_LINES) - OTHER_LINES));
    const rest = views.length - shown.length;
    const total = round(views.reduce((sum, { perSecond }) => sum + perSecond, 0));
    const lines = [
      lineOf(HEAD),
      ...shown.map(rowOf),
      ...(rest > 0 ? [`… and ${rest} more`] : []),
      `${second} s, ${placesText(views.length, connections)}, ${total} messages/s`,
    ];
    this.#io.stdout.write(`${this.#drawn > 0 ? upTo(this.#drawn) : ''}${lines.map(safeText).join('\n')}\n`);
    this.#drawn = lines.length;
  }
}

/** A number as it is shown: one digit behind the point below a hundred. */
export const round = (value: number): number =>
  value < 100 ? Math.round(value * 10) / 10 : Math.round(value);
const roundOrNull = (value: number | null): number | null => (value === null ? null : round(value));

/** How many sessions are on how many connections. */
export const placesText = (sessions: number, connections: number): string =>
  `${counted(sessions, 'session')} on ${counted(connections, 'connection')}`;
const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

/** A time as it is shown. */
export const timeText = (ms: number | null): string => (ms === null ? '-' : `${round(ms)} ms`);

const lineOf = (cells: readonly string[]): string =>
  cells.map((cell, at) => (at < 2 ? cell.padEnd(WIDTHS[at] ?? 0) : cell.padStart(WIDTHS[at] ?? 0))).join(' ');

function rowOf(view: SessionView): string {
  return lineOf([
    view.session,
    view.state,
    `${view.perSecond}/s`,
    timeText(view.p50Ms),
    timeText(view.p99Ms),
    String(view.queueOut),
    String(view.queueIn),
    String(view.windowOut),
    String(view.windowIn),
    String(view.refused),
    String(view.resumes),
  ]);
}
