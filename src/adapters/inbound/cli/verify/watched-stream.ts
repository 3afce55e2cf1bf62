import type { ApiClient, ApiRequest } from '../client/api-client.ts';
import type { CommandIo } from '../client/command-io.ts';
import { readEvents, type ServerEvent } from '../client/server-events.ts';

/** One reader's view of a stream: what came so far, and the means to read on or to cut the connection. */
export class WatchedStream {
  readonly status: number;
  readonly headers: Headers;
  readonly events: ServerEvent[] = [];
  readonly #source: AsyncGenerator<ServerEvent>;
  readonly #connection: AbortController;

  private constructor(response: Response, source: AsyncGenerator<ServerEvent>, connection: AbortController) {
    this.status = response.status;
    this.headers = response.headers;
    this.#source = source;
    this.#connection = connection;
  }

  /**
   * Opens a connection.
   *
   * @throws Refused, Unreachable.
   */
  static async open(client: ApiClient, io: CommandIo, request: ApiRequest): Promise<WatchedStream> {
    const connection = new AbortController();
    const response = await client.open({ ...request, signal: connection.signal });
    const source = readEvents(response, { timers: io.timers, signal: connection.signal });
    return new WatchedStream(response, source, connection);
  }

  /** The id that the header names. */
  get id(): string {
    return this.headers.get('x-streaming-session-id') ?? '';
  }

  /** The text that arrived so far. */
  get text(): string {
    return this.events.map(textOf).join('');
  }

  /** The event that ended the stream, once it came. */
  get end(): ServerEvent | undefined {
    return this.events.find(isEnd);
  }

  /** Offset of the newest event that arrived; -1 before the first. */
  get lastOffset(): number {
    return this.events.at(-1)?.offset ?? -1;
  }

  /** Reads on until so many chunks of the text are there, or the stream has ended. */
  async readChunks(count: number): Promise<void> {
    while (this.end === undefined && this.events.filter((event) => event.type === 'chunk').length < count) {
      if (!(await this.#readOne())) return;
    }
  }

  /** Reads on until the server closes the connection. */
  async readAll(): Promise<void> {
    let isOpen = true;
    while (isOpen) isOpen = await this.#readOne();
  }

  /** Cuts the connection, as a tunnel on the way home does. */
  async cut(): Promise<void> {
    this.#connection.abort(new Error('cut on purpose'));
    await this.#source.return(undefined).catch(() => undefined);
  }

  async #readOne(): Promise<boolean> {
    const { done, value } = await this.#source.next();
    if (!done) this.events.push(value);
    return !done;
  }
}

/** The text of a chunk, empty for any other event. */
export const textOf = (event: ServerEvent): string =>
  event.type === 'chunk' ? (event.data.text('text') ?? '') : '';

/** Whether an event ends a stream. */
export const isEnd = (event: ServerEvent): boolean => event.type === 'done' || event.type === 'error';

/** Says where offsets do not follow one another; undefined when all do. */
export function firstGap(events: readonly ServerEvent[]): string | undefined {
  for (let index = 1; index < events.length; index += 1) {
    const before = events[index - 1]?.offset;
    const offset = events[index]?.offset;
    if (before === undefined || offset === undefined) return 'an event without an id';
    if (offset !== before + 1) return `event ${offset} after event ${before}`;
  }
  return undefined;
}
