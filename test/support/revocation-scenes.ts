import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { type Answer, ApiClient, type EventReader } from './api-client.ts';
import { expectProblem } from './problems.ts';
import type { ServerUrls } from './running-server.ts';

/** Longest time from the answer of what ends a login to the close of its readers, in milliseconds. */
const WITHIN_MS = 1_000;
const PASSWORD = 'a long enough password';

/** A login of somebody, with a reader of a stream of his. */
export interface Reading {
  readonly userId: string;
  readonly username: string;
  readonly client: ApiClient;
  readonly refreshToken: string;
  readonly chat: string;
  readonly reader: EventReader;
}

/** What a deployment needs to be looked at. */
export interface Deployment {
  readonly urls: ServerUrls;
  /** Folder of auth's data, for the operator's commands. */
  readonly authData: string;
}

/** People with streams on their way, and what was measured of their ends. */
export class RevocationScenes {
  readonly deployment: Deployment;
  readonly admin: ApiClient;
  readonly #measured: string[] = [];

  private constructor(deployment: Deployment, admin: ApiClient) {
    this.deployment = deployment;
    this.admin = admin;
  }

  static async begin(deployment: Deployment): Promise<RevocationScenes> {
    return new RevocationScenes(deployment, await ApiClient.login(deployment.urls, 'admin', 'admin@admin'));
  }

  /** What was measured, a line each. */
  get measured(): string {
    return this.#measured.map((line) => `        ${line}\n`).join('');
  }

  /** Changes an account as an admin does. */
  patch(user: string, change: object): Promise<Answer> {
    return this.admin.send('auth', 'PATCH', `/api/admin/users/${user}`, JSON.stringify(change));
  }

  /** A new person with credit, who reads a stream that is on its way. */
  async reading(role = 'user'): Promise<Reading> {
    const username = `p${randomUUID().slice(0, 8)}`;
    const account = { username, email: `${username}@example.org`, password: PASSWORD, role };
    const { body } = await this.admin.post('auth', '/api/admin/users', account);
    await this.admin.post('accounting', '/api/credits/allocate', { userId: body.userId, credits: 50 });
    return this.login(body.userId, username);
  }

  /** Another login of somebody, with a stream of its own. */
  async login(userId: string, username: string): Promise<Reading> {
    const { urls } = this.deployment;
    const answer = await new ApiClient(urls).post('auth', '/api/auth/login', {
      username,
      password: PASSWORD,
    });
    expect(answer.status).to.equal(200);
    const client = new ApiClient(urls, answer.body.accessToken);
    const chat = await client.createChat();
    const reader = await client.start(chat);
    await reader.until(({ text }) => text.length > 0);
    return { userId, username, client, refreshToken: answer.body.refreshToken, chat, reader };
  }

  /** Acts, and expects the readers to be cut within a second of the answer and their credential to be refused. */
  async expectCut(
    what: string,
    act: () => Promise<Answer>,
    cut: ReadonlyArray<Pick<Reading, 'client' | 'reader'>>,
    status = 200,
  ): Promise<void> {
    const closed = cut.map(async ({ reader }) => {
      const end = await reader.toEnd();
      return { atMs: performance.now(), end };
    });
    expect((await act()).status).to.equal(status);
    const answeredAtMs = performance.now();
    for (const { atMs, end } of await Promise.all(closed)) {
      expect(end, 'a reader that is cut is told no end').to.equal(undefined);
      const tookMs = Math.max(0, atMs - answeredAtMs);
      this.#measured.push(`${what}: ${tookMs.toFixed(1)} ms`);
      expect(tookMs, what).to.be.at.most(WITHIN_MS);
    }
    for (const { client } of cut) {
      expectProblem(await client.get('chat', '/api/chat/sessions'), 401, 'credential.expired');
    }
  }

  /** Expects a reader to be read on, past what came until now. */
  async expectGoesOn({ reader, client }: Pick<Reading, 'client' | 'reader'>): Promise<void> {
    const { length } = reader.text;
    expect(await reader.until(({ text }) => text.length > length + 20)).to.equal(true);
    expect((await client.get('chat', '/api/chat/sessions')).status).to.equal(200);
  }

  /** Expects that everything that somebody's streams held was settled to what they produced. */
  async expectSettled(userId: string): Promise<void> {
    const { body: balance } = await this.admin.get('accounting', `/api/credits/balance/${userId}`);
    expect(balance.heldCredits).to.equal(0);
    expect(balance.availableCredits).to.be.greaterThan(0).and.below(50);
    const { body: usage } = await this.admin.get('accounting', `/api/usage/stats/${userId}`);
    expect(usage.totalRecords).to.equal(1);
    expect(usage.totalCredits).to.be.closeTo(50 - balance.availableCredits, 1e-9);
  }
}
