import { expect } from 'chai';
import { foreign, type Json } from '../../../../src/adapters/inbound/cli/client/json.ts';
import { Terminal } from '../../../../src/adapters/inbound/cli/client/terminal.ts';
import {
  MAX_OPEN,
  type OpenNews,
  OpenReviews,
} from '../../../../src/adapters/inbound/cli/reviews/open-reviews.ts';
import type { ReviewClient } from '../../../../src/adapters/inbound/cli/reviews/review-client.ts';
import { eventually } from '../../../support/eventually.ts';
import { FakeCommandIo } from '../../../support/fake-command-io.ts';

const encoder = new TextEncoder();
const idOf = (number: number): string => `rev-${String(number).padStart(5, '0')}`;
const reviewOf = (id: string, status = 'pending'): Json => foreign({ id, status });

describe('the reviews that are open', () => {
  const leaving = new AbortController();
  after(() => leaving.abort(new Error('the test is over')));

  /** A server on which so many reviews are open, and what is told of them. */
  function world(count: number) {
    const pending = new Set(Array.from({ length: count }, (_, index) => idOf(index + 1)));
    let lists = 0;
    let stream: ReadableStreamDefaultController<Uint8Array> | undefined;
    const tell = (type: string, data: unknown = {}): void =>
      stream?.enqueue(encoder.encode(`event: ${type}\ndata: ${JSON.stringify(data)}\n\n`));
    const client = {
      list: async (_status: string, limit: number) => {
        lists += 1;
        return [...pending]
          .sort()
          .reverse()
          .slice(0, limit)
          .map((id) => reviewOf(id));
      },
      read: async (id: string) => reviewOf(id),
      follow: async () =>
        new Response(
          new ReadableStream({
            start: (controller) => {
              stream = controller;
              tell('ready');
            },
          }),
        ),
    } as unknown as ReviewClient;
    const io = new FakeCommandIo();
    const news: Array<readonly [kind: string, id: string | undefined]> = [];
    const onNews = async (one: OpenNews): Promise<void> => {
      news.push([one.kind, one.kind === 'gone' ? one.id : one.review.text('id')]);
    };
    void new OpenReviews(client, { io, terminal: new Terminal(io) })
      .follow(leaving.signal, onNews)
      .catch(() => undefined);
    const ask = (id: string): void => {
      pending.add(id);
      tell('review', { id, status: 'pending' });
    };
    const decide = (id: string): void => {
      pending.delete(id);
      tell('review', { id, status: 'approved' });
    };
    return { news, tell, ask, decide, lists: () => lists };
  }

  it('come all in the end, though there are more than can be kept in mind, and none is called gone that is not', async () => {
    const { news, tell, ask, decide, lists } = world(MAX_OPEN);
    await eventually(async () => expect(news).to.have.length(MAX_OPEN));
    ask(idOf(MAX_OPEN + 1));
    ask(idOf(MAX_OPEN + 2));
    tell('missed');
    await eventually(async () => expect(lists()).to.equal(2));
    for (let number = 1; number <= MAX_OPEN / 2; number += 1) decide(idOf(number));
    await eventually(async () => expect(lists()).to.equal(3));
    for (let number = MAX_OPEN / 2 + 1; number <= MAX_OPEN; number += 1) decide(idOf(number));
    await eventually(async () => expect(news).to.have.length(2 * MAX_OPEN + 2));
    expect(news.filter(([kind]) => kind === 'gone')).to.deep.equal([]);
    const asked = news.filter(([kind]) => kind === 'asked').map(([, id]) => id);
    expect(asked.toSorted()).to.deep.equal(
      Array.from({ length: MAX_OPEN + 2 }, (_, index) => idOf(index + 1)),
    );
  });
});
