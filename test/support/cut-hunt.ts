import { createHash } from 'node:crypto';
import { SeededRandom } from '../simulation/world/seeded-random.ts';
import type { ApiClient } from './api-client.ts';
import { MuxClient, type Received } from './mux-client.ts';

/** A connection is cut at one of its first frames, in each of so many places as often. */
const MOST_FRAMES = 12;
/** How long a connection waits for its frame before it is cut all the same, in milliseconds. */
const LONGEST_WAIT_MS = 1_000;

/** What many cuts came to. */
export interface CutTally {
  cuts: number;
  /** Events that came. */
  events: number;
  /** Offsets that were passed over, and such as came again. */
  lost: number;
  twice: number;
  /** Streams that were read to their end, and those whose text is not the one that was sent. */
  streams: number;
  wrongTexts: number;
  /** Resumes that said that something is not kept any more. */
  notRecovered: number;
}

interface Hunt {
  /** The chat addresses of the nodes. */
  readonly urls: readonly string[];
  readonly user: ApiClient;
  readonly seed: number;
  readonly cuts: number;
  readonly tally: CutTally;
}

export const newTally = (): CutTally => ({
  cuts: 0,
  events: 0,
  lost: 0,
  twice: 0,
  streams: 0,
  wrongTexts: 0,
  notRecovered: 0,
});

/** One reader of one chat, whose connections are cut at random frames, and who comes back to any node. */
class CutReader {
  readonly #hunt: Hunt;
  readonly #random: SeededRandom;
  #chat = '';
  #shown: { sessionId: string; resumeToken: string } | undefined;
  #last = 0;
  #text = '';
  #isRunning = false;
  #isOver = false;

  constructor(hunt: Hunt, number: number) {
    this.#hunt = hunt;
    this.#random = new SeededRandom(hunt.seed * 1_000 + number);
  }

  async run(): Promise<void> {
    this.#chat = await this.#hunt.user.createChat();
    const { tally, cuts } = this.#hunt;
    while (tally.cuts < cuts) {
      tally.cuts += 1;
      await this.#connect(this.#random.whole(0, MOST_FRAMES));
    }
    // The last connection is let be, so that what is lost at the very end is missed.
    this.#isOver = true;
    while (this.#isRunning) await this.#connect(Number.POSITIVE_INFINITY);
  }

  /** Connects to one of the nodes, takes what comes until so many frames have come, and is cut. */
  async #connect(frames: number): Promise<void> {
    const { urls, user } = this.#hunt;
    const client = await MuxClient.connect(this.#random.pick(urls), user.token ?? '');
    const cut = this.#cutAfter(client, frames);
    const params = { chatSessionId: this.#chat };
    const shown = this.#shown;
    const resume = shown && {
      sessionId: shown.sessionId,
      token: shown.resumeToken,
      offset: this.#last,
    };
    client.send(undefined, 'OPEN', { ref: 'o', kind: 'chat', params, ...(resume && { resume }) });
    if (!this.#isRunning && !this.#isOver) {
      const opened = await Promise.race([client.next(({ json }) => json?.ref === 'o'), cut]);
      const handle = opened?.json.handle as string | undefined;
      if (handle !== undefined)
        client.send(handle, 'DATA', { ref: 's', op: 'start', message: 'What is it?' });
    }
    await cut;
    const { received } = client;
    for (const frame of received) this.#take(frame);
  }

  async #cutAfter(client: MuxClient, frames: number): Promise<undefined> {
    if (frames === 0) client.socket.terminate();
    const timer = setTimeout(() => client.socket.terminate(), LONGEST_WAIT_MS);
    client.socket.on('message', () => {
      if (client.received.length >= frames) client.socket.terminate();
    });
    await client.closed;
    clearTimeout(timer);
    return undefined;
  }

  #take({ name, json, offset, bytes }: Received): void {
    const { tally } = this.#hunt;
    if (name === 'OPENED') {
      const { sessionId, resumeToken, recovered } = json;
      this.#shown = { sessionId, resumeToken };
      if (recovered === false) tally.notRecovered += 1;
    } else if (name === 'ERROR') {
      throw new Error(`refused: ${bytes.toString()}`);
    } else if (name === 'EVENT') {
      tally.events += 1;
      if (offset <= this.#last) tally.twice += 1;
      else tally.lost += offset - this.#last - 1;
      this.#last = Math.max(this.#last, offset);
      if (json.event === 'session') this.#text = '';
      if (json.event === 'chunk') this.#text += json.data.text;
      if (json.event === 'done') this.#compare(json.data.textSha256 as string);
      this.#isRunning = json.event !== 'done' && json.event !== 'error';
    }
  }

  /** A stream has been read to its end, which tells what its text was. */
  #compare(told: string): void {
    const { tally } = this.#hunt;
    tally.streams += 1;
    if (createHash('sha256').update(this.#text).digest('hex') !== told) tally.wrongTexts += 1;
  }
}

/** Cuts the connections of so many readers at random frames, as often as asked, all together. */
export async function huntCuts(hunt: Omit<Hunt, 'tally'>, readers: number): Promise<CutTally> {
  const tally = newTally();
  const all = Array.from({ length: readers }, (_, number) => new CutReader({ ...hunt, tally }, number));
  await Promise.all(all.map((reader) => reader.run()));
  return tally;
}
