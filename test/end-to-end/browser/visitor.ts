import { expect } from 'chai';
import type { Browser, BrowserContext, Locator, Page, Request } from 'playwright-core';

/** Characters of an answer that are certainly its middle. */
const SOME_TEXT = 150;
/** Longest wait for anything that the page shall do, in milliseconds. */
const PATIENCE_MS = 20_000;

/** The page in one tab, used as a person would: by its labels and buttons. */
export class Visitor {
  readonly page: Page;
  /** What the page did that no page of ours may do: scripts that failed, and breaches of its policy. */
  readonly faults: string[] = [];

  private constructor(page: Page) {
    this.page = page;
    page.setDefaultTimeout(PATIENCE_MS);
    page.on('pageerror', (error) => this.faults.push(error.message));
    page.on('console', (message) => {
      // A refused or lost request is written to the console too, and is no fault of the page.
      if (message.type() === 'error' && !/^Failed to load resource/.test(message.text()))
        this.faults.push(message.text());
    });
  }

  /** Opens an address in a new tab. */
  static async open(context: BrowserContext, url: string): Promise<Visitor> {
    const visitor = new Visitor(await context.newPage());
    await visitor.page.goto(url);
    return visitor;
  }

  /** Opens the page in a new tab of a browser that is logged in already. */
  static async comeBack(context: BrowserContext, url: string): Promise<Visitor> {
    const visitor = await Visitor.open(context, url);
    await visitor.question.waitFor();
    return visitor;
  }

  /** Opens the page and logs in. */
  static async logIn(
    context: BrowserContext,
    url: string,
    username = 'user1',
    password = 'User1@123',
  ): Promise<Visitor> {
    const visitor = await Visitor.open(context, url);
    await visitor.enter(username, password);
    await visitor.question.waitFor();
    return visitor;
  }

  get question(): Locator {
    return this.page.getByRole('textbox', { name: 'Your question' });
  }

  /** The newest answer. */
  get answer(): Locator {
    return this.page.locator('.message.assistant').last();
  }

  get send(): Locator {
    return this.page.getByRole('button', { name: 'Send' });
  }

  get stop(): Locator {
    return this.page.getByRole('button', { name: 'Stop the answer' });
  }

  /** The line below the newest answer: how it ended, and what it cost. */
  get ending(): Locator {
    return this.answer.locator('.ending');
  }

  async enter(username: string, password: string): Promise<void> {
    await this.page.getByLabel('Username').fill(username);
    await this.page.getByLabel('Password').fill(password);
    await this.page.getByRole('button', { name: 'Log in' }).click();
  }

  /** Asks, and waits until there is a place for the answer. */
  async ask(question: string): Promise<void> {
    const answers = this.page.locator('.message.assistant');
    const before = await answers.count();
    await this.question.fill(question);
    await this.send.click();
    await answers.nth(before).waitFor({ state: 'attached' });
  }

  /** The text of the newest answer, to the character. */
  async text(): Promise<string> {
    return (await this.answer.locator('.text').textContent()) ?? '';
  }

  /** Waits until the answer is longer than this, and returns what it is then. */
  async textBeyond(characters = SOME_TEXT): Promise<string> {
    await this.page.waitForFunction(
      (least) =>
        ([...document.querySelectorAll('.message.assistant .text')].at(-1)?.textContent ?? '').length > least,
      characters,
    );
    return this.text();
  }

  /** Waits until the answer has ended; returns its whole text. */
  async wholeText(): Promise<string> {
    await this.ending.filter({ hasText: /./ }).waitFor();
    return this.text();
  }

  async shows(text: string | RegExp): Promise<void> {
    await this.page.getByText(text).first().waitFor();
  }

  get chatId(): string {
    return decodeURIComponent(new URL(this.page.url()).hash.replace('#/chats/', ''));
  }

  expectNoFaults(): void {
    expect(this.faults).to.deep.equal([]);
  }
}

/** What a browser keeps of a login, for other browsers of a test that need no login of their own. */
export type KeptLogin = Awaited<ReturnType<BrowserContext['storageState']>>;

/** Logs in once. */
export async function keepLogin(browser: Browser, url: string): Promise<KeptLogin> {
  const context = await browser.newContext();
  await Visitor.logIn(context, url);
  const kept = await context.storageState();
  await context.close();
  return kept;
}

/** The requests of all tabs of a browser that read a stream. */
export class StreamConnections {
  total = 0;
  most = 0;
  readonly #open = new Set<Request>();

  constructor(context: BrowserContext) {
    context.on('request', (request) => {
      if (!/\/api\/chat\/sessions\/[^/]+\/stream$/.test(request.url())) return;
      this.total += 1;
      this.#open.add(request);
      this.most = Math.max(this.most, this.#open.size);
    });
    context.on('requestfinished', (request) => this.#open.delete(request));
    context.on('requestfailed', (request) => this.#open.delete(request));
    // What a tab was reading when it was closed ends without a word.
    context.on('page', (page) =>
      page.on('close', () => {
        for (const request of this.#open) if (request.frame().page() === page) this.#open.delete(request);
      }),
    );
  }
}
