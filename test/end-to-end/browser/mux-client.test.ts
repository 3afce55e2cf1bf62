import { globSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import ts from 'typescript';
import { ApiClient } from '../../support/api-client.ts';
import { launchChromium } from '../../support/chromium.ts';
import { RunningServer } from '../../support/running-server.ts';
import { TcpProxy } from '../../support/tcp-proxy.ts';
import { Visitor } from './visitor.ts';

/** Where the module lies on the page's own origin. */
const CLIENT = '/client/mux/mux-client.js';

/** The client as the package has it: every file's JavaScript, by its path. */
const FILES = new Map(
  globSync('src/client/**/*.ts').map((name) => {
    const { outputText } = ts.transpileModule(readFileSync(name, 'utf8'), {
      compilerOptions: {
        target: ts.ScriptTarget.ES2022,
        module: ts.ModuleKind.ES2022,
        rewriteRelativeImportExtensions: true,
      },
    });
    return [name.replace(/^src/, '').replace(/\.ts$/, '.js'), outputText];
  }),
);

/** What a page reads of a chat whose connection is cut in the middle. */
interface Read {
  readonly status: number;
  readonly offsets: readonly number[];
  readonly text: string;
  readonly resumes: number;
}

describe('the client of multiplexed sessions in a browser', function () {
  this.timeout(60_000);
  let browser: Browser;
  let context: BrowserContext;
  let server: RunningServer;
  let proxy: TcpProxy;
  let url: string;
  let user: ApiClient;

  before(async () => {
    browser = await launchChromium();
    server = await RunningServer.start(['--demo', '--model-pace', '200']);
    user = await ApiClient.login(server.urls, 'user1', 'User1@123');
    proxy = new TcpProxy(server.urls.chat);
    url = await proxy.listen();
  });
  after(async () => {
    await browser?.close();
    await proxy?.close();
    await server?.dispose();
  });
  beforeEach(async () => {
    context = await browser.newContext();
  });
  afterEach(() => context.close());

  /** Gives the page the module from its own origin. */
  async function serveClient(page: Page): Promise<void> {
    await page.route('**/client/**', (route) => {
      const body = FILES.get(new URL(route.request().url()).pathname);
      return route.fulfill(body === undefined ? { status: 404 } : { contentType: 'text/javascript', body });
    });
  }

  /** Reads a stream in the page, and cuts all its connections in the middle. */
  async function readThroughCut(page: Page, chat: string, credential: string | undefined): Promise<Read> {
    await page.exposeFunction('cutNow', () => proxy.cut());
    return page.evaluate(
      async ({ from, chatId, token }) => {
        const { MuxClient } = await import(from);
        const client = new MuxClient({
          url: location.origin,
          ...(token === undefined ? {} : { credential: token }),
        });
        const channel = await client.openChat(chatId);
        const { status } = await channel.start({ message: 'What is it?' });
        const offsets: number[] = [];
        let text = '';
        for await (const { offset, event, data } of channel) {
          offsets.push(offset);
          if (event === 'chunk') text += data.text;
          if (offset === 20) await (globalThis as unknown as { cutNow(): Promise<void> }).cutNow();
          if (event === 'done' || event === 'error') break;
        }
        const { resumes } = channel.session.stats();
        await client.close();
        return { status, offsets, text, resumes };
      },
      { from: CLIENT, chatId: chat, token: credential },
    );
  }

  const expectWhole = async (read: Read, chat: string): Promise<void> => {
    expect(read.status).to.equal(200);
    expect(read.resumes).to.be.at.least(1);
    expect(read.offsets).to.deep.equal(read.offsets.map((_, index) => index + 1));
    const { body } = await user.get('chat', `/api/chat/sessions/${chat}`);
    expect(read.text).to.equal(body.messages.at(-1).content);
  };

  it('reads a chat through a cut, let in by the page’s cookie', async () => {
    const visitor = await Visitor.logIn(context, url);
    await serveClient(visitor.page);
    const chat = await user.createChat();
    await expectWhole(await readThroughCut(visitor.page, chat, undefined), chat);
  });

  it('reads a chat through a cut, let in by a ticket for each connection', async () => {
    const visitor = await Visitor.open(context, url);
    await serveClient(visitor.page);
    const tickets: string[] = [];
    visitor.page.on('websocket', (socket) =>
      tickets.push(new URL(socket.url()).searchParams.get('ticket') ?? ''),
    );
    const chat = await user.createChat();
    await expectWhole(await readThroughCut(visitor.page, chat, user.token), chat);
    expect(new Set(tickets).size).to.equal(tickets.length).and.to.be.at.least(2);
    expect(tickets).not.to.include('');
  });
});
