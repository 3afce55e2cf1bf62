import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiClient, EventReader, WireEvent } from '../support/api-client.ts';
import { BrokenByCrash, must } from './broken-by-crash.ts';

/** Rest before something that a hurt node could not do is tried elsewhere, in milliseconds. */
const TRY_AGAIN_MS = 100;
/** How often something is tried; longer than a dead node's lease and the look after it. */
const MAX_TRIES = 150;

/** What the streams of a load came to. */
export interface LoadTally {
  /** Streams whose end was read. */
  readonly streams: number;
  /** Those of them that ended as `stream.interrupted`. */
  readonly interrupted: number;
  /** Those of them whose reader had to come back at least once. */
  readonly resumed: number;
  /** Starts whose answer got lost with a node. */
  readonly lostStarts: number;
}

/** People who chat by way of whichever node comes first, and come back by another when theirs has gone. */
export class FleetLoad {
  readonly #clients: () => readonly ApiClient[];
  readonly #random: () => number;
  readonly #tally = { streams: 0, interrupted: 0, resumed: 0, lostStarts: 0 };
  #chats: Promise<unknown> = Promise.resolve();
  #fault: unknown;
  #stopping = false;
  #isAbandoned = false;

  constructor(clients: () => readonly ApiClient[], random: () => number) {
    this.#clients = clients;
    this.#random = random;
  }

  /** Starts streams in a number of chats, one after the other in each, until the load is finished. */
  async start(chats: number): Promise<void> {
    const ids = await Promise.all(Array.from({ length: chats }, () => this.#client().createChat()));
    this.#chats = Promise.all(
      ids.map((chat, index) =>
        this.#talk(chat, index).catch((error: unknown) => {
          this.#fault ??= error;
        }),
      ),
    );
  }

  /** @throws what broke the load. */
  requireWhole(): void {
    if (this.#fault !== undefined) throw this.#fault;
  }

  /** Whether it has met both: a stream that a node left behind, and a reader who came back elsewhere. */
  get hasMetAll(): boolean {
    return this.#tally.interrupted > 0 && this.#tally.resumed > 0;
  }

  /** Lets the running streams end; starts no more. */
  async finish(): Promise<LoadTally> {
    this.#stopping = true;
    await this.#chats;
    this.requireWhole();
    return this.#tally;
  }

  /** Starts no more, and tries nothing again. */
  abandon(): void {
    this.#stopping = true;
    this.#isAbandoned = true;
  }

  #client(): ApiClient {
    const clients = this.#clients();
    const client = clients[Math.floor(this.#random() * clients.length)];
    if (client === undefined) throw new Error('there is no node');
    return client;
  }

  async #talk(chat: string, index: number): Promise<void> {
    while (!this.#stopping) {
      const reader = await this.#start(chat, index);
      if (reader !== undefined) await this.#converse(chat, reader);
    }
  }

  /** Asks somewhere; undefined when nothing was started that the caller knows the id of. */
  async #start(chat: string, index: number): Promise<EventReader | undefined> {
    for (let tried = 0; tried < MAX_TRIES && !this.#stopping; tried += 1) {
      try {
        const reader = await this.#client().start(chat, `Question ${index}`);
        const { status } = reader.response;
        if (status === 200) return reader;
        await reader.cut();
        // The slot may be that of a start whose answer got lost: whoever looks finds its stream and its end.
        must(status === 409 || status === 503, 'a start is taken, busy, or put off', { status });
        if (status === 409) await this.#readLostStart(chat);
      } catch (error) {
        if (!isLostConnection(error)) throw error;
      }
      await sleep(TRY_AGAIN_MS);
    }
    must(this.#stopping, 'a start is taken by some node in time', { chat });
    return undefined;
  }

  async #readLostStart(chat: string): Promise<void> {
    const reader = await this.#resume(chat, undefined);
    if (reader === undefined) return;
    this.#tally.lostStarts += 1;
    await reader.toEnd();
  }

  /** Follows a stream to its end, by way of other nodes where one goes away, and looks at it once more as a whole. */
  async #converse(chat: string, first: EventReader): Promise<void> {
    const { streamId } = first;
    const seen: WireEvent[] = [];
    const will = this.#random();
    let reader: EventReader | undefined = first;
    let returns = 0;
    for (;;) {
      const upTo = 2 + Math.floor(this.#random() * 30);
      const current: EventReader = reader;
      if (will < 0.4) await current.until(({ events }) => events.length >= upTo);
      if (will < 0.2) await this.#attempt((client) => client.stop(chat, streamId));
      await current.toEnd();
      for (const event of current.events) {
        const before = seen.at(-1);
        must(before === undefined || event.id === before.id + 1, 'a reader misses and repeats nothing', {
          streamId,
          before,
          event,
        });
        seen.push(event);
      }
      if (isEnd(seen.at(-1))) break;
      returns += 1;
      must(returns <= MAX_TRIES, 'a stream ends in time', { streamId, seen: seen.length });
      reader = await this.#resume(chat, seen.at(-1)?.id);
      must(reader !== undefined, 'a stream whose end was not read can be read on', { streamId, returns });
      must(seen.length === 0 || reader.streamId === streamId, 'a cursor finds its own stream', {
        streamId,
        got: reader.streamId,
      });
    }
    await this.#checkWhole(chat, streamId, seen);
    this.#count(seen, returns);
  }

  /** Any node tells the same, and takes the receipt of a stream whose whole text was read. */
  async #checkWhole(chat: string, streamId: string, seen: readonly WireEvent[]): Promise<void> {
    const before = (seen[0]?.id ?? 1) - 1;
    const whole: WireEvent[] = [];
    // The node that tells it may be hurt in the middle: then another goes on where it broke off.
    for (let looks = 0; !isEnd(whole.at(-1)); looks += 1) {
      must(looks <= MAX_TRIES, 'a stream that has ended is told to its end', {
        streamId,
        whole: whole.length,
      });
      const cursor = whole.at(-1)?.id ?? before;
      const reader = await this.#resume(chat, cursor === 0 ? undefined : cursor);
      if (reader === undefined) return this.#missing(chat, streamId, seen);
      await reader.toEnd();
      whole.push(...reader.events);
    }
    must(JSON.stringify(whole) === JSON.stringify(seen), 'what was read is what is kept', {
      streamId,
      seen: seen.at(-1),
      kept: whole.at(-1),
    });
    const receipt = await this.#attempt((client) => client.update(chat, streamId, textOf(whole)));
    must(receipt === undefined || receipt.status === 200, 'the receipt of what was read is taken', receipt);
  }

  /** @throws what nodes say of a stream that one of them could not find: whether it is gone, or was missed by one look. */
  async #missing(chat: string, streamId: string, seen: readonly WireEvent[]): Promise<never> {
    const before = (seen[0]?.id ?? 1) - 1;
    const again = await this.#attempt(async (client) => (await client.resume(chat, before)).response);
    const latest = await this.#resume(chat, undefined);
    const receipt = await this.#attempt((client) => client.update(chat, streamId, 'not what it said'));
    throw new BrokenByCrash(
      `a stream whose end was read can be read again: ${JSON.stringify({
        streamId,
        events: [seen[0], seen.at(-1)],
        again: again?.status,
        latest: latest?.streamId,
        byItsId: receipt?.status,
      })}`,
    );
  }

  #count(seen: readonly WireEvent[], returns: number): void {
    const end = seen.at(-1);
    this.#tally.streams += 1;
    if (returns > 0) this.#tally.resumed += 1;
    if (end?.type !== 'error') return;
    must(end.data.code === 'stream.interrupted', 'a stream that a node left behind says so', end);
    this.#tally.interrupted += 1;
  }

  /** A reader by way of a node that answers; undefined when the chat has nothing to read. */
  async #resume(chat: string, cursor: number | undefined): Promise<EventReader | undefined> {
    const reader = await this.#attempt(async (client) => {
      const opened = await client.resume(chat, cursor);
      return { status: opened.response.status, opened };
    });
    must(reader !== undefined, 'some node lets a reader in', { chat, cursor });
    must(reader.status === 200 || reader.status === 204, 'a reader is let in', { status: reader.status });
    return reader.status === 200 ? reader.opened : undefined;
  }

  /** Does something by way of one node after the other until one can; undefined when none could. */
  async #attempt<Done extends { readonly status: number }>(
    act: (client: ApiClient) => Promise<Done>,
  ): Promise<Done | undefined> {
    for (let tried = 0; tried < MAX_TRIES && !this.#isAbandoned; tried += 1) {
      try {
        const done = await act(this.#client());
        if (done.status !== 503) return done;
      } catch (error) {
        if (!isLostConnection(error)) throw error;
      }
      await sleep(TRY_AGAIN_MS);
    }
    return undefined;
  }
}

const textOf = (events: readonly WireEvent[]): string =>
  events.map(({ type, data }) => (type === 'chunk' ? data.text : '')).join('');

const isEnd = (event: WireEvent | undefined): boolean => event?.type === 'done' || event?.type === 'error';

/** What `fetch` says of a server that has gone, in whichever moment. */
const isLostConnection = (error: unknown): boolean =>
  error instanceof TypeError || error instanceof SyntaxError;
