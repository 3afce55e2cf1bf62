import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { type Answer, ApiClient, type EventReader } from './api-client.ts';
import { BrowserTab } from './browser-tab.ts';
import type { ServerUrls } from './running-server.ts';

/** Longest time from the answer of what ends a login to the close of its readers, in milliseconds. */
const WITHIN_MS = 1_000;
/** Everybody's password. */
export const PASSWORD = 'a long enough password';

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
    const reader = await begun(client, chat);
    return { userId, username, client, refreshToken: answer.body.refreshToken, chat, reader };
  }

  /** A browser of somebody's, with a reader of a stream of its own. */
  async browse(username: string): Promise<Pick<Reading, 'client' | 'reader'> & { readonly tab: BrowserTab }> {
    const { urls } = this.deployment;
    const tab = new BrowserTab(urls.auth);
    expect((await tab.logIn(username, PASSWORD)).status).to.equal(200);
    // The same page speaks to chat, whose port may be another; cookies do not tell ports apart.
    const page = { cookie: tab.cookie ?? '', 'x-csrf-token': tab.csrfToken, origin: urls.chat };
    const client = new ApiClient(urls, '', page);
    return { tab, client, reader: await begun(client) };
  }

  /** A reader by a new API key of somebody's. */
  async readingByKey(
    owner: Reading,
  ): Promise<Pick<Reading, 'client' | 'reader'> & { readonly keyId: string }> {
    const draft = { name: 'a script', scopes: ['chat'], password: PASSWORD };
    const { status, body } = await owner.client.post('auth', '/api/keys', draft);
    expect(status).to.equal(201);
    const client = new ApiClient(this.deployment.urls, body.key);
    return { keyId: body.id, client, reader: await begun(client) };
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
      const { status: refusal } = await client.get('chat', '/api/chat/sessions');
      expect(refusal, what).to.equal(401);
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

/** A reader of a stream that is on its way, in a new chat unless one is given. */
async function begun(client: ApiClient, chat?: string): Promise<EventReader> {
  const reader = await client.start(chat ?? (await client.createChat()));
  expect(await reader.until(({ text }) => text.length > 0)).to.equal(true);
  return reader;
}
