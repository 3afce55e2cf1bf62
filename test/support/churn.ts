import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { OpenedPayload } from '../../src/adapters/inbound/ws/mux/server-payloads.ts';
import { handleOf } from './mux-client.ts';
import { MuxWorld } from './mux-world.ts';

const NO_RATE = { tokens: 1_000_000, perMs: 1, burst: 1_000_000 };
/** Sessions that are opened, and closed, together. */
const TOGETHER = 50;
/** Rounds before the heap is looked at for the first time: code is compiled by then, and every wheel has turned once. */
const WARM_UP_ROUNDS = 70;
/** How much time passes with each round, in milliseconds. */
const ROUND_MS = 5_000;
const COLLECTIONS = 3;

/** The heap after a full collection, in bytes. */
export async function collectedHeap(): Promise<number> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (let count = 0; count < COLLECTIONS; count += 1) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return process.memoryUsage().heapUsed;
}

/** What opening and closing came to. */
export interface Churned {
  readonly opened: number;
  /** How much larger the heap is than at the start, in bytes. */
  readonly grownBytes: number;
}

/** Sessions that are opened and closed again in every way there is: by the client, by the server, with the connection. */
class Churn {
  readonly #world = new MuxWorld({
    sessionRate: NO_RATE,
    connectionRate: NO_RATE,
    openRate: NO_RATE,
    maxConnectionsPerPrincipal: 10,
  });
  #client = this.#world.connect();
  #rounds = 0;
  #opened = 0;

  get opened(): number {
    return this.#opened;
  }

  async round(): Promise<void> {
    const { timers, metrics } = this.#world;
    this.#rounds += 1;
    const opened = await this.#open(Array.from({ length: TOGETHER }, () => ({})));
    this.#opened += opened.length;
    const way = this.#rounds % 10;
    if (way > 1) await this.#close(opened, 1000);
    else {
      // Left, by a close or with the connection, and taken back from there.
      if (way === 1) await this.#close(opened, 1001);
      else {
        this.#client.lose();
        this.#client = this.#world.connect();
        await this.#world.settle();
      }
      const resumes = opened.map(({ sessionId, resumeToken: token }) => ({
        resume: { sessionId, token, offset: 0 },
      }));
      await this.#close(await this.#open(resumes), 1000);
    }
    this.#client.pong();
    await timers.advance(ROUND_MS);
    this.#client.received.length = 0;
    metrics.samples.length = 0;
  }

  async #open(asked: ReadonlyArray<Readonly<Record<string, unknown>>>): Promise<OpenedPayload[]> {
    for (const [number, more] of asked.entries())
      this.#client.send(undefined, 'OPEN', { ref: `${number}`, kind: 'echo', ...more });
    await this.#world.settle();
    const opened = this.#client.received.splice(0).filter(({ name }) => name === 'OPENED');
    return opened.map(({ json }) => json as OpenedPayload);
  }

  async #close(opened: readonly OpenedPayload[], code: number): Promise<void> {
    for (const { handle } of opened) {
      this.#client.send(handleOf(handle), 'DATA', Buffer.from('something'));
      this.#client.send(handleOf(handle), 'CLOSE', { code, reason: '' });
    }
    await this.#world.settle();
  }
}

/** Opens and closes so many sessions, and says what is left of them. */
export async function churn(sessions: number, tell: (churned: Churned) => void = () => {}): Promise<Churned> {
  const all = new Churn();
  for (let round = 0; round < WARM_UP_ROUNDS; round += 1) await all.round();
  const [before, openedBefore] = [await collectedHeap(), all.opened];
  const churned = async (): Promise<Churned> => ({
    opened: all.opened - openedBefore,
    grownBytes: (await collectedHeap()) - before,
  });
  let toldAt = sessions / 10;
  while (all.opened - openedBefore < sessions) {
    await all.round();
    if (all.opened - openedBefore < toldAt) continue;
    toldAt += sessions / 10;
    tell(await churned());
  }
  return churned();
}
