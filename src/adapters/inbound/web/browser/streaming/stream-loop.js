import { readEvents } from './read-events.js';

/** @import { LogEvent } from './answer.js' */

/** First and longest wait before a lost connection is tried again, in milliseconds. */
const FIRST_WAIT_MS = 300;
const LONGEST_WAIT_MS = 5_000;
/** A server that says nothing for so long has gone without telling: it breaks every silence of 5 s. In milliseconds. */
export const SILENCE_MS = 15_000;

/**
 * How following a stream came to its end: the stream's last event was read; there was nothing (more) to read; the
 * cursor's continuation is not kept; or the server refused with a problem that trying again does not cure.
 *
 * @typedef {{ kind: 'ended' } | { kind: 'nothing' } | { kind: 'lost' } | { kind: 'refused', status: number, problem: unknown }} LoopEnd
 */

/**
 * Whether the connection carries, or when it is tried again.
 *
 * @typedef {{ kind: 'live' } | { kind: 'away', againInMs: number }} Link
 */

/**
 * @typedef {object} LoopDeps
 * @property {(cursor: number | undefined, signal: AbortSignal) => Promise<Response>} open asks for what follows the cursor
 * @property {() => number | undefined} cursor offset of the last event that is known
 * @property {(events: LogEvent[]) => void} onEvents
 * @property {(link: Link) => void} onLink
 * @property {{ sleep(ms: number, signal?: AbortSignal): Promise<void>, after(ms: number, act: () => void): () => void }} timers
 * @property {AbortSignal} signal stops following
 */

/**
 * Follows a stream until its end, through as many connections as that takes. Each begins after the last event that
 * is known, so nothing is lost and nothing is asked for twice.
 *
 * @param {LoopDeps} deps
 * @param {Response} [first] a response that is open already, such as that of the request which began the stream
 * @returns {Promise<LoopEnd>}
 * @throws the signal's reason
 */
export async function followToEnd(deps, first) {
  let waitMs = FIRST_WAIT_MS;
  let response = first;
  for (;;) {
    deps.signal.throwIfAborted();
    const step = await connectOnce(deps, response);
    response = undefined;
    if (step.kind === 'end') return step.end;
    if (step.progressed) waitMs = FIRST_WAIT_MS;
    const againInMs = Math.max(waitMs, step.retryAfterMs);
    deps.onLink({ kind: 'away', againInMs });
    await deps.timers.sleep(againInMs, deps.signal);
    waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
  }
}

/**
 * @param {LoopDeps} deps
 * @param {Response | undefined} given
 * @returns {Promise<{ kind: 'end', end: LoopEnd } | { kind: 'again', progressed: boolean, retryAfterMs: number }>}
 */
async function connectOnce(deps, given) {
  const cut = new AbortController();
  const signal = AbortSignal.any([deps.signal, cut.signal]);
  let progressed = false;
  /** @type {LogEvent | undefined} */
  let last;
  const watch = new SilenceWatch(deps.timers, () => cut.abort(new Error('the server is silent')));
  try {
    const response = given ?? (await deps.open(deps.cursor(), signal));
    const refused = await refusalOf(response);
    if (refused !== undefined) return refused;
    deps.onLink({ kind: 'live' });
    await readEvents(
      response,
      (events) => {
        watch.heard();
        if (events.length === 0) return;
        progressed = true;
        last = events.at(-1);
        if (!isLost(last)) deps.onEvents(events);
      },
      signal,
    );
  } catch (error) {
    // What ended the stream counts, even where somebody closed the connection in the same moment.
    if (!isEnd(last)) {
      deps.signal.throwIfAborted();
      if (error instanceof SyntaxError) throw error;
    }
  } finally {
    watch.stop();
  }
  if (isLost(last)) return { kind: 'end', end: { kind: 'lost' } };
  if (isEnd(last)) return { kind: 'end', end: { kind: 'ended' } };
  deps.signal.throwIfAborted();
  return { kind: 'again', progressed, retryAfterMs: 0 };
}

/**
 * What a response that carries no events means; undefined for one that does.
 *
 * @param {Response} response
 * @returns {Promise<{ kind: 'end', end: LoopEnd } | { kind: 'again', progressed: boolean, retryAfterMs: number } | undefined>}
 */
async function refusalOf(response) {
  if (response.status === 200) return undefined;
  if (response.status === 204) return { kind: 'end', end: { kind: 'nothing' } };
  const problem = await response.json().catch(() => undefined);
  if (response.status === 429 || response.status >= 500) {
    const seconds = Number(response.headers.get('retry-after') ?? 0);
    return { kind: 'again', progressed: false, retryAfterMs: Number.isFinite(seconds) ? seconds * 1000 : 0 };
  }
  return { kind: 'end', end: { kind: 'refused', status: response.status, problem } };
}

/** @param {LogEvent | undefined} event */
const isEnd = (event) => event?.type === 'done' || event?.type === 'error';

/** @param {LogEvent | undefined} event an event for this reader alone that says that what he asks for is not kept */
const isLost = (event) => event?.type === 'error' && event.data.code === 'stream.offset_lost';

/** Cuts a connection on which nothing has been heard for too long. */
export class SilenceWatch {
  #timers;
  #cut;
  /** @type {(() => void) | undefined} */
  #cancel;

  /**
   * @param {LoopDeps['timers']} timers
   * @param {() => void} cut
   */
  constructor(timers, cut) {
    this.#timers = timers;
    this.#cut = cut;
    this.heard();
  }

  heard() {
    this.#cancel?.();
    this.#cancel = this.#timers.after(SILENCE_MS, this.#cut);
  }

  stop() {
    this.#cancel?.();
  }
}
