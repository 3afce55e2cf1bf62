import { expect } from 'chai';
import { ApiProblem } from '../../../src/adapters/inbound/web/browser/platform/api-client.js';
import {
  type FeedNews,
  type Review,
  ReviewFeed,
} from '../../../src/adapters/inbound/web/browser/reviews/review-feed.js';
import { eventually } from '../../support/eventually.ts';

const encoder = new TextEncoder();

/** A server with reviews, whose news a test tells, and whose connections it cuts. */
class FakeReviews {
  readonly reviews = new Map<string, Review>();
  readonly #readers = new Set<ReadableStreamDefaultController<Uint8Array>>();
  connections = 0;
  refusal: Response | undefined;

  put(id: string, status: Review['status'] = 'pending'): Review {
    const review = { id, status, agentId: 'a', owner: 'agent:a' } as Review;
    this.reviews.set(id, review);
    return review;
  }

  tell(type: string, data: unknown = {}): void {
    const text = encoder.encode(`event: ${type}\ndata: ${JSON.stringify(data)}\n\n`);
    for (const reader of this.#readers) reader.enqueue(text);
  }

  cut(): void {
    for (const reader of this.#readers) reader.error(new Error('cut'));
    this.#readers.clear();
  }

  readonly api = {
    call: async (_method: string, path: string) => {
      const [, id] = /^\/api\/reviews\/(.+)$/.exec(path) ?? [];
      if (id === undefined) {
        const query = new URL(path, 'http://x').searchParams;
        const [after, limit] = [query.get('after') ?? '~', Number(query.get('limit'))];
        const found = [...this.reviews.values()]
          .filter(({ id, status }) => status === 'pending' && id < after)
          .sort((left, right) => (left.id < right.id ? 1 : -1));
        const reviews = found.slice(0, limit);
        return { reviews, ...(found.length > limit ? { next: reviews.at(-1)?.id } : {}) };
      }
      const review = this.reviews.get(id);
      if (review === undefined) throw new ApiProblem({ status: 404, code: 'review.not_found', message: '' });
      return review;
    },
    open: async () => {
      this.connections += 1;
      if (this.refusal !== undefined) return this.refusal;
      let own: ReadableStreamDefaultController<Uint8Array> | undefined;
      return new Response(
        new ReadableStream({
          start: (controller) => {
            own = controller;
            this.#readers.add(controller);
            controller.enqueue(encoder.encode('event: ready\ndata: {}\n\n'));
          },
          cancel: () => {
            if (own !== undefined) this.#readers.delete(own);
          },
        }),
      );
    },
  };
}

const TIMERS = {
  sleep: (_ms: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      setImmediate(() => (signal?.aborted ? reject(signal.reason) : resolve()));
    }),
  after: (): (() => void) => () => undefined,
};

describe('the feed of reviews', () => {
  let server: FakeReviews;
  let channelName: string;
  const feeds: ReviewFeed[] = [];
  const said: string[] = [];
  const problems: unknown[] = [];
  beforeEach(() => {
    server = new FakeReviews();
    channelName = `reviews-${crypto.randomUUID()}`;
    said.length = 0;
    problems.length = 0;
  });
  afterEach(() => {
    for (const feed of feeds.splice(0)) feed.close();
  });

  /** One tab, with the real channel and the real locks under a name of the test's own. */
  function openTab(): ReviewFeed {
    const feed = new ReviewFeed({
      api: server.api,
      timers: TIMERS,
      locks: {
        request: ((_name: string, options: LockOptions, act: () => unknown) =>
          navigator.locks.request(
            channelName,
            options,
            act as () => Promise<void>,
          )) as LockManager['request'],
      },
      openChannel: () => {
        const channel = new BroadcastChannel(channelName);
        return {
          post: (news: FeedNews) => channel.postMessage(news),
          listen: (listener: (news: FeedNews) => void) => {
            channel.onmessage = ({ data }) => listener(data);
          },
          close: () => channel.close(),
        };
      },
      onChange: () => undefined,
      onAsked: ({ id }) => said.push(`asked ${id}`),
      onDecided: ({ id, status }) => said.push(`${status} ${id}`),
      onProblem: (error) => problems.push(error),
    });
    feeds.push(feed);
    return feed;
  }
  const shows = (feed: ReviewFeed, ...ids: string[]): Promise<void> =>
    eventually(async () => {
      expect(feed.open.map(({ id }) => id)).to.deep.equal(ids);
    });

  it('knows what was open, says nothing of it, and tells what is asked and decided after', async () => {
    server.put('r1');
    const tab = openTab();
    await shows(tab, 'r1');
    await eventually(async () => expect(server.connections).to.equal(1));
    server.tell('review', server.put('r2'));
    await shows(tab, 'r1', 'r2');
    server.tell('review', server.put('r1', 'approved'));
    await shows(tab, 'r2');
    expect(said).to.deep.equal(['asked r2', 'approved r1']);
  });

  it('finds out what happened while the connection was cut', async () => {
    server.put('r1');
    const tab = openTab();
    await shows(tab, 'r1');
    await eventually(async () => expect(server.connections).to.equal(1));
    server.put('r1', 'rejected');
    server.put('r2');
    server.cut();
    await shows(tab, 'r2');
    expect(said).to.deep.equal(['rejected r1', 'asked r2']);
    expect(server.connections).to.equal(2);
  });

  it('looks anew when the server says that something was missed', async () => {
    const tab = openTab();
    await eventually(async () => expect(server.connections).to.equal(1));
    server.put('r1');
    server.tell('missed');
    await shows(tab, 'r1');
  });

  it('comes to those that it had no room for, when those that it showed are decided', async () => {
    const idOf = (number: number): string => `r${String(number).padStart(3, '0')}`;
    for (let number = 1; number <= 250; number += 1) server.put(idOf(number));
    const tab = openTab();
    await eventually(async () => expect(tab.open).to.have.length(200));
    await eventually(async () => expect(server.connections).to.equal(1));
    for (const { id } of tab.open) server.tell('review', server.put(id, 'approved'));
    await eventually(async () => expect(tab.open.map(({ id }) => id)).to.have.length(50));
    expect(tab.open[0]?.id).to.equal(idOf(1));
    expect(said.filter((one) => one.startsWith('approved'))).to.have.length(200);
  });

  it('reads once for all tabs, and in another when that one goes', async () => {
    const [first, second] = [openTab(), openTab()];
    await eventually(async () => expect(server.connections).to.equal(1));
    server.tell('review', server.put('r1'));
    await Promise.all([shows(first, 'r1'), shows(second, 'r1')]);
    first.close();
    await eventually(async () => expect(server.connections).to.equal(2));
    server.tell('review', server.put('r2'));
    await shows(second, 'r1', 'r2');
  });

  it('stops, and says why, when the server refuses for good', async () => {
    server.refusal = Response.json({ code: 'permission.denied', message: 'No.' }, { status: 403 });
    openTab();
    await eventually(async () => expect(problems).to.have.length(1));
    expect(problems[0]).to.include({ status: 403 });
    expect(server.connections).to.equal(1);
  });
});
