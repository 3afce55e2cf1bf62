import { expect } from 'chai';
import type { RevocationFeed, RevocationNews } from '../../src/application/ports/identity/revocation-feed.ts';
import { REVOCATION_KEPT_MS } from '../../src/application/ports/identity/revocation-log.ts';
import { aSession } from '../support/identity-builders.ts';
import type { IdentityWorld } from '../support/identity-world.ts';
import { T0, user } from '../support/ledger-builders.ts';

/** A feed under test, the auth that it tells of, and how to put both away. */
export interface FeedUnderTest {
  readonly feed: RevocationFeed;
  readonly world: IdentityWorld;
  close(): void;
}

/** What a listener hears, piece by piece. */
class Listener {
  readonly heard: RevocationNews[] = [];
  readonly #stop = new AbortController();
  readonly #pages: AsyncIterator<readonly RevocationNews[]>;

  constructor(feed: RevocationFeed, after?: number) {
    this.#pages = feed.follow(after, this.#stop.signal)[Symbol.asyncIterator]();
  }

  /** Listens until it has heard everything that was stored when it began to, and returns what that was. */
  async untilCaughtUp(): Promise<readonly RevocationNews[]> {
    const from = this.heard.length;
    while (this.heard.length === from || this.heard.at(-1)?.kind !== 'caught-up') await this.#next();
    return this.heard.slice(from).filter(({ kind }) => kind !== 'caught-up');
  }

  /** Listens until something ends. */
  async untilEnded(): Promise<RevocationNews | undefined> {
    const from = this.heard.length;
    for (;;) {
      await this.#next();
      const ended = this.heard.slice(from).find(({ kind }) => kind === 'ended');
      if (ended !== undefined) return ended;
    }
  }

  /** Stops to listen; resolves with what that ended in. */
  async stop(): Promise<unknown> {
    const last = this.#pages.next().then(
      () => this.#pages.next(),
      (error: unknown) => error,
    );
    this.#stop.abort(new Error('enough'));
    return last.catch((error: unknown) => error);
  }

  async #next(): Promise<void> {
    const page = await this.#pages.next();
    if (!page.done) this.heard.push(...page.value);
  }
}

/** The behaviour of every `RevocationFeed`. */
export function describeRevocationFeed(name: string, create: () => Promise<FeedUnderTest>): void {
  describe(`${name} as a RevocationFeed`, () => {
    let subject: FeedUnderTest;
    const listeners: Listener[] = [];
    beforeEach(async () => {
      subject = await create();
      for (let number = 1; number <= 9; number += 1) {
        await subject.world.sessions.begin(aSession(number), `r${number}`);
      }
    });
    afterEach(async () => {
      for (const listener of listeners.splice(0)) await listener.stop();
      subject.close();
    });

    const listen = (after?: number): Listener => {
      const listener = new Listener(subject.feed, after);
      listeners.push(listener);
      return listener;
    };
    const end = (number: number, atMs = T0): Promise<void> =>
      subject.world.sessions.end(aSession(number).id, atMs);
    const told = (sequence: number, number: number, atMs = T0): RevocationNews => ({
      kind: 'ended',
      revocation: { sequence, atMs, end: { loginSessionId: aSession(number).id } },
    });

    it('tells a new listener everything that is kept, and that this was all', async () => {
      await end(1, T0 + 1);
      await end(2, T0 + 2);
      expect(await listen().untilCaughtUp()).to.deep.equal([told(1, 1, T0 + 1), told(2, 2, T0 + 2)]);
      expect(await listen(1).untilCaughtUp()).to.deep.equal([told(2, 2, T0 + 2)]);
      expect(await listen(2).untilCaughtUp()).to.deep.equal([]);
    });

    it('tells every kind of end', async () => {
      const { world } = subject;
      await world.addUser('ada');
      const ada = await world.directory.resolve('ada');
      if (ada === undefined) throw new Error('nobody');
      const key = await world.mintKey({ owner: 'ada' });
      await world.apiKeys.revoke(key.apiKey.id, T0);
      await world.users.change(ada.userId, { role: 'supervisor' }, { endSessionsAtMs: T0 });
      await world.users.change(ada.userId, { disabledAtMs: T0 }, { endSessionsAtMs: T0 });
      const ends = (await listen().untilCaughtUp()).map(
        (news) => news.kind === 'ended' && news.revocation.end,
      );
      expect(ends).to.deep.equal([
        { apiKeyId: key.apiKey.id },
        { userId: ada.userId },
        { userId: ada.userId, closed: true },
      ]);
    });

    it('tells at once of what ends while somebody listens', async () => {
      const listener = listen();
      await listener.untilCaughtUp();
      const startedAt = performance.now();
      const next = listener.untilEnded();
      await end(3);
      expect(await next).to.deep.equal(told(1, 3));
      expect(performance.now() - startedAt, 'sooner than the next heartbeat').to.be.below(400);
    });

    it('tells within a heartbeat of what another process has stored', async () => {
      const listener = listen();
      await listener.untilCaughtUp();
      subject.world.revocations.append({ userId: user(7) }, T0);
      expect(await listener.untilCaughtUp()).to.deep.equal([
        { kind: 'ended', revocation: { sequence: 1, atMs: T0, end: { userId: user(7) } } },
      ]);
    });

    it('tells again and again that nothing was missed, at least every second', async () => {
      const listener = listen();
      await listener.untilCaughtUp();
      for (let beat = 0; beat < 3; beat += 1) {
        const startedAt = performance.now();
        expect(await listener.untilCaughtUp()).to.deep.equal([]);
        expect(performance.now() - startedAt).to.be.below(1_000);
      }
    });

    it('tells whom it lost to begin anew, and goes on with what is kept', async () => {
      await end(1, T0);
      await end(2, T0 + 2 * REVOCATION_KEPT_MS);
      const kept = told(2, 2, T0 + 2 * REVOCATION_KEPT_MS);
      expect(await listen(0).untilCaughtUp()).to.deep.equal([{ kind: 'reset', sequence: 1 }, kept]);
      expect(await listen(77).untilCaughtUp(), 'of another log').to.deep.equal([
        { kind: 'reset', sequence: 1 },
        kept,
      ]);
    });

    it('tells thousands in order', async () => {
      for (let count = 1; count <= 1_700; count += 1) {
        subject.world.revocations.append({ userId: user(count) }, T0);
      }
      const news = await listen(10).untilCaughtUp();
      const sequences = news.map((each) => each.kind === 'ended' && each.revocation.sequence);
      expect(sequences).to.deep.equal(Array.from({ length: 1_690 }, (_, index) => index + 11));
    });

    it('ends with the reason of who stops to listen', async () => {
      const listener = listen();
      await listener.untilCaughtUp();
      listeners.splice(0);
      expect(await listener.stop())
        .to.be.instanceOf(Error)
        .with.property('message', 'enough');
    });
  });
}
