import type { ApiClient } from '../client/api-client.ts';
import { ProtocolFault } from '../client/failures.ts';
import type { Json } from '../client/json.ts';

/** Reviews that are asked for at once. */
const PAGE_REVIEWS = 20;

/** What a decision came to. */
export interface Decided {
  readonly status: string;
  readonly notice: string | undefined;
}

/** The server's reviews, for a person who has logged in. */
export class ReviewClient {
  readonly #client: ApiClient;

  constructor(client: ApiClient) {
    this.#client = client;
  }

  /** At most `limit` reviews, newest first. @throws Refused, Unreachable. */
  async list(status: string | undefined, limit: number, signal?: AbortSignal): Promise<Json[]> {
    const reviews: Json[] = [];
    let after: string | undefined;
    do {
      const query = new URLSearchParams({
        limit: String(Math.min(PAGE_REVIEWS, limit - reviews.length)),
        ...(status === undefined ? {} : { status }),
        ...(after === undefined ? {} : { after }),
      });
      const { body } = await this.#client.call({ service: 'chat', path: `/api/reviews?${query}`, signal });
      reviews.push(...body.at('reviews').items());
      after = body.text('next');
    } while (after !== undefined && reviews.length < limit);
    return reviews;
  }

  /** One review with its event. @throws Refused, Unreachable. */
  async read(id: string, signal?: AbortSignal): Promise<Json> {
    return (await this.#client.call({ service: 'chat', path: pathOf(id), signal })).body;
  }

  /** @throws Refused (409: somebody has decided already), Unreachable, ProtocolFault. */
  async decide(id: string, decision: 'approve' | 'reject', comment?: string): Promise<Decided> {
    const path = `${pathOf(id)}/${decision}`;
    const body = comment === undefined ? {} : { comment };
    const answer = await this.#client.call({ service: 'chat', path, body });
    const status = answer.body.text('status');
    if (status === undefined) throw new ProtocolFault('The server took a decision and said nothing of it');
    return { status, notice: answer.body.text('notice') };
  }

  /** What is asked and decided from now on, as an event stream. @throws Refused, Unreachable. */
  follow(signal: AbortSignal): Promise<Response> {
    return this.#client.open({ service: 'chat', path: '/api/reviews/live', signal });
  }
}

const pathOf = (id: string): string => `/api/reviews/${encodeURIComponent(id)}`;
