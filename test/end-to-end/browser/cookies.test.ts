import { expect } from 'chai';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { ApiClient } from '../../support/api-client.ts';
import { launchChromium } from '../../support/chromium.ts';
import { eventually } from '../../support/eventually.ts';
import { RunningServer } from '../../support/running-server.ts';
import { attempt, fetchFrom, OtherSites, socketFrom, submitForm } from './other-sites.ts';
import { type KeptLogin, keepLogin, Visitor } from './visitor.ts';

/** `holdfast serve` with one WebSocket route behind the guard. */
const PROGRAM = 'test/support/programs/serve-with-socket.ts';
/** How long what a login has open may outlive it, in milliseconds. */
const REVOKED_WITHIN_MS = 1_000;
const OTHERS = ['neighbour', 'stranger'] as const;

describe('the cookie of a login in a browser', function () {
  this.timeout(60_000);
  let browser: Browser;
  let server: RunningServer;
  let others: OtherSites;
  let context: BrowserContext;
  let visitor: Visitor;
  let home: string;
  let login: KeptLogin;
  let user: ApiClient;

  before(async () => {
    browser = await launchChromium();
    others = await OtherSites.start();
    server = await RunningServer.start(['--demo', '--model-pace', '30'], undefined, {}, [], PROGRAM);
    home = server.urls.chat.replace('127.0.0.1', 'localhost');
    login = await keepLogin(browser, home);
    user = await ApiClient.login(server.urls, 'user1', 'User1@123');
  });
  after(async () => {
    await browser?.close();
    await server?.dispose();
    await others?.stop();
  });
  beforeEach(async () => {
    context = await browser.newContext({ storageState: login });
    visitor = await Visitor.comeBack(context, home);
  });
  afterEach(() => context.close());

  /** A page of another origin in the same browser. */
  async function pageOf(other: (typeof OTHERS)[number]): Promise<Page> {
    const page = await context.newPage();
    await page.goto(others.origins[other]);
    return page;
  }

  async function countChats(): Promise<number> {
    return (await user.get('chat', '/api/chat/sessions')).body.pagination.total;
  }

  it('is seen by no script, keeps to its host, and lasts no longer than the login', async () => {
    await context.clearCookies();
    visitor = await Visitor.logIn(context, home);
    expect(await visitor.page.evaluate(() => document.cookie)).to.equal('');
    expect(
      await visitor.page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage })),
    ).to.not.match(/[A-Za-z0-9_-]{43}/);
    const [cookie, ...more] = await context.cookies();
    expect(more).to.deep.equal([]);
    expect(cookie).to.include({
      name: '__Host-holdfast',
      domain: 'localhost',
      path: '/',
      secure: true,
      httpOnly: true,
      sameSite: 'Lax',
    });
    const lifeSeconds = (cookie?.expires ?? 0) - Date.now() / 1000;
    expect(lifeSeconds).to.be.within(12 * 3_600 - 60, 12 * 3_600);
  });

  it('stays through a reload and in a new tab', async () => {
    await visitor.page.reload();
    await visitor.question.waitFor();
    const second = await Visitor.open(context, home);
    await second.question.waitFor();
  });

  it('is not sent to another name of the same server', async () => {
    const elsewhere = await context.newPage();
    const url = `${server.urls.chat}/api/auth/session`;
    expect(await attempt(elsewhere, url, () => elsewhere.goto(server.urls.chat))).to.include({
      status: 401,
      sentCookie: false,
    });
    const unknown = home.replace('localhost', 'app.localhost');
    expect(await attempt(elsewhere, `${unknown}/`, () => elsewhere.goto(unknown))).to.include({
      status: 421,
      sentCookie: false,
    });
  });

  it('is sent from another site only when its user follows a link', async () => {
    const stranger = await pageOf('stranger');
    const url = `${home}/api/auth/session`;
    const seen = await attempt(stranger, url, () => fetchFrom(stranger, url, { mode: 'no-cors' }));
    expect(seen).to.include({ status: 401, sentCookie: false });
    expect(await fetchFrom(stranger, url, {}), 'and nothing can be read').to.equal('TypeError');
    const followed = await attempt(stranger, url, () =>
      stranger.evaluate((address) => {
        location.href = address;
      }, `${home}/`),
    );
    expect(followed).to.include({ status: 200, sentCookie: true });
    await stranger.getByRole('textbox', { name: 'Your question' }).waitFor();
  });

  it('lets nobody frame the page', async () => {
    const neighbour = await pageOf('neighbour');
    await attempt(neighbour, `${home}/`, () =>
      neighbour.evaluate((address) => {
        const frame = document.createElement('iframe');
        frame.src = address;
        document.body.append(frame);
      }, `${home}/`),
    );
    await eventually(async () =>
      expect(neighbour.frames()[1]?.url()).to.equal('chrome-error://chromewebdata/'),
    );
  });

  for (const other of OTHERS) {
    it(`changes nothing by a form of a ${other}`, async () => {
      const before = await countChats();
      const page = await pageOf(other);
      const chats = `${home}/api/chat/sessions`;
      const seen = await attempt(page, chats, () => submitForm(page, chats, '{"title":"not=mine"}'));
      // The browser sends the cookie along for another origin of the same site: the server must refuse by itself.
      expect(seen).to.deep.equal(
        other === 'neighbour' ? { status: 403, sentCookie: true } : { status: 401, sentCookie: false },
      );
      await page.goto(others.origins[other]);
      const login = `${home}/api/auth/session`;
      const body = '{"username":"admin","password":"admin@admin","x":"="}';
      const tried = await attempt(page, login, () => submitForm(page, login, body));
      expect(tried.status, 'logging the browser in as somebody else').to.equal(403);
      expect(await countChats()).to.equal(before);
      await visitor.page.reload();
      await visitor.page.getByRole('link', { name: /^user1/ }).waitFor();
    });

    it(`changes nothing by a fetch of a ${other}`, async () => {
      const before = await countChats();
      const page = await pageOf(other);
      const chats = `${home}/api/chat/sessions`;
      const json = { method: 'POST', body: '{}', headers: { 'Content-Type': 'application/json' } };
      expect(await fetchFrom(page, chats, json), 'the browser asks first, and is not allowed').to.equal(
        'TypeError',
      );
      const plain = { method: 'POST', mode: 'no-cors', body: '{}' } as const;
      const seen = await attempt(page, chats, () => fetchFrom(page, chats, plain));
      expect(seen).to.deep.equal(
        other === 'neighbour' ? { status: 403, sentCookie: true } : { status: 401, sentCookie: false },
      );
      for (const method of ['DELETE', 'PATCH', 'PUT'])
        expect(await fetchFrom(page, `${home}/api/auth/session`, { method })).to.equal('TypeError');
      expect(await countChats()).to.equal(before);
    });

    it(`opens no WebSocket to a ${other}`, async () => {
      const page = await pageOf(other);
      const socket = `${home.replace('http', 'ws')}/ws/echo`;
      expect(await socketFrom(page, socket), 'by the cookie').to.equal('refused');
      const { ticket } = (await user.post('chat', '/api/ws/tickets')).body;
      expect(await socketFrom(page, `${socket}?ticket=${ticket}`), 'by a ticket').to.equal('refused');
      expect(JSON.parse(await socketFrom(visitor.page, `${socket}?ticket=${ticket}`))).to.include({
        username: 'user1',
      });
      expect(await socketFrom(visitor.page, `${socket}?ticket=${ticket}`), 'twice').to.equal('refused');
    });
  }

  it('opens a WebSocket to the page itself', async () => {
    const principal = JSON.parse(await socketFrom(visitor.page, `${home.replace('http', 'ws')}/ws/echo`));
    expect(principal).to.include({ username: 'user1' });
  });

  it('writes only with the token of its own login', async () => {
    const chats = `${home}/api/chat/sessions`;
    const post = (token?: string): Promise<string> =>
      fetchFrom(visitor.page, chats, {
        method: 'POST',
        body: '{}',
        headers: {
          'Content-Type': 'application/json',
          ...(token === undefined ? {} : { 'X-CSRF-Token': token }),
        },
      });
    const token = await visitor.page.evaluate(
      async () => (await (await fetch('/api/auth/session')).json()).csrfToken as string,
    );
    expect(await post()).to.equal('basic 403');
    expect(await post(`${token.startsWith('A') ? 'B' : 'A'}${token.slice(1)}`)).to.equal('basic 403');
    expect(await post(token)).to.equal('basic 201');
    const again = await browser.newContext();
    const other = await Visitor.logIn(again, home);
    const foreign = await other.page.evaluate(
      async () => (await (await fetch('/api/auth/session')).json()).csrfToken as string,
    );
    expect(await post(foreign), "another login's of the same user").to.equal('basic 403');
    await again.close();
  });

  it('ends an open EventSource within a second of the log-out', async () => {
    await context.clearCookies();
    visitor = await Visitor.logIn(context, home);
    await visitor.ask('What is Holdfast?');
    await visitor.textBeyond(20);
    const page = await context.newPage();
    await page.goto(home);
    await page.evaluate((chatId) => {
      const source = new EventSource(`/api/chat/sessions/${chatId}/stream`);
      source.addEventListener('chunk', () => document.body.setAttribute('data-hears', ''), { once: true });
      source.addEventListener('error', () => {
        document.body.dataset.endedAt ??= String(Date.now());
        if (source.readyState === EventSource.CLOSED) document.body.setAttribute('data-closed', '');
      });
    }, visitor.chatId);
    await page.locator('body[data-hears]').waitFor();
    await visitor.page.bringToFront();
    const asked = visitor.page
      .waitForRequest((request) => request.method() === 'DELETE')
      .then(() => Date.now());
    await visitor.page.getByRole('button', { name: 'Log out' }).click();
    const loggedOutAt = await asked;
    await page.locator('body[data-ended-at]').waitFor();
    const endedAt = Number(await page.locator('body').getAttribute('data-ended-at'));
    expect(endedAt - loggedOutAt).to.be.lessThan(REVOKED_WITHIN_MS);
    await page.locator('body[data-closed]').waitFor();
    expect(await context.cookies()).to.deep.equal([]);
  });
});
