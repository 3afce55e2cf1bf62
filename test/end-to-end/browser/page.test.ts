import { expect } from 'chai';
import type { Browser, BrowserContext } from 'playwright-core';
import { ApiClient } from '../../support/api-client.ts';
import { launchChromium } from '../../support/chromium.ts';
import { eventually } from '../../support/eventually.ts';
import { type Fault, FaultyProxy } from '../../support/faulty-proxy.ts';
import { holdfast } from '../../support/holdfast-command.ts';
import { RunningServer } from '../../support/running-server.ts';
import { type KeptLogin, keepLogin, Visitor } from './visitor.ts';

/** Tokens a second: slow enough to be disturbed in the middle, fast enough to wait for. */
const PACE = ['--model-pace', '200'];

describe('the page', function () {
  this.timeout(60_000);
  let browser: Browser;
  let server: RunningServer;
  let context: BrowserContext;
  let login: KeptLogin;
  let user: ApiClient;
  let visitor: Visitor;

  before(async () => {
    browser = await launchChromium();
    server = await RunningServer.start(['--demo', ...PACE]);
    login = await keepLogin(browser, server.urls.chat);
    user = await ApiClient.login(server.urls, 'user1', 'User1@123');
  });
  after(async () => {
    await browser?.close();
    await server?.dispose();
  });
  beforeEach(async () => {
    context = await browser.newContext({ storageState: login });
    visitor = await Visitor.comeBack(context, server.urls.chat);
  });
  afterEach(async () => {
    visitor.expectNoFaults();
    await context.close();
  });

  /** What the server has kept of the visitor's chat. */
  async function kept(): Promise<{ content: string; metadata: { state: string } }> {
    const { body } = await user.get('chat', `/api/chat/sessions/${visitor.chatId}/messages`);
    return body.messages.at(-1);
  }

  it('shows the answer as it grows, sends its receipt, and tells what it cost', async () => {
    await visitor.ask('What happens when I lose the connection?');
    const first = await visitor.textBeyond(50);
    const second = await visitor.textBeyond(first.length + 50);
    expect(second.startsWith(first), 'it grows at its end').to.equal(true);
    const whole = await visitor.wholeText();
    await visitor.shows(/^Complete · \d+ tokens · 0\.\d+ credits · received in full$/);
    expect(whole).to.equal((await kept()).content);
    await visitor.shows(/^99\.\d+ credits$/);
  });

  it('goes on after it was loaded again in the middle, without losing or doubling a character', async () => {
    await visitor.ask('How are credits reserved?');
    const before = await visitor.textBeyond();
    await visitor.page.reload();
    const after = await visitor.textBeyond(before.length);
    expect(after.startsWith(before)).to.equal(true);
    expect(await visitor.wholeText()).to.equal((await kept()).content);
    await visitor.shows(/received in full/);
    expect(await visitor.page.locator('.message').count(), 'one question, one answer').to.equal(2);
  });

  it('asks once and loses nothing on a line that drops answers, breaks off and refuses', async () => {
    const faults: Fault[][] = [
      [{ kind: 'lose-answer' }],
      [{ kind: 'cut', afterBytes: 3_000 }],
      [{ kind: 'refuse' }],
      [{ kind: 'answer', status: 503, headers: { 'retry-after': '1' } }],
      [{ kind: 'cut', afterBytes: 1_500 }],
      [{ kind: 'cut', afterBytes: 10 }],
    ];
    const proxy = new FaultyProxy(server.urls.chat, ({ line }) =>
      line.endsWith('/stream') ? (faults.shift() ?? []) : [],
    );
    const elsewhere = await browser.newContext({ storageState: login });
    visitor = await Visitor.comeBack(elsewhere, await proxy.listen());
    await visitor.ask('What is a reservation?');
    await visitor.shows('The connection is lost. Trying again; nothing that has come is lost.');
    expect(await visitor.wholeText()).to.equal((await kept()).content);
    expect(await visitor.page.locator('.message').count(), 'one question, one answer').to.equal(2);
    const starts = proxy.seen.filter(({ line }) => /^POST .*\/stream$/.test(line));
    expect(starts).to.have.length(2);
    expect(new Set(starts.map(({ headers }) => headers['idempotency-key'])).size).to.equal(1);
    expect(proxy.count(/^GET .*\/stream$/), 'and read on after each cut').to.equal(5);
    await elsewhere.close();
    await proxy.close();
  });

  it('stays when the server is killed and started again in the middle, and shows what was kept and how it ended', async () => {
    await visitor.ask('What is Holdfast?');
    const before = await visitor.textBeyond();
    server = await server.restartAfterKill(['--demo', ...PACE]);
    const whole = await visitor.wholeText();
    await visitor.shows(/^Broke off, because the server was interrupted.* · received in full$/);
    expect(whole.startsWith(before)).to.equal(true);
    expect(whole).to.equal((await kept()).content);
    await visitor.ask('And what now?');
    await visitor.textBeyond();
    await visitor.stop.click();
    await visitor.shows(/^Stopped/);
    const { code, stdout } = await holdfast(['doctor', '--data', server.data]);
    expect(code, stdout).to.equal(0);
  });

  it('sends a question that met no server once it is back, and has it answered once', async () => {
    await server.end('SIGKILL');
    await visitor.question.fill('What is a hold?');
    await visitor.send.click();
    await visitor.shows('The server cannot be reached. What you have is kept; try again in a moment.');
    server = await server.restartAfterKill(['--demo', '--model-pace', '0']);
    await visitor.send.click();
    await visitor.wholeText();
    await server.end('SIGKILL');
    await visitor.ask('What is a lease?');
    await visitor.shows('The connection is lost. Trying again; nothing that has come is lost.');
    server = await server.restartAfterKill(['--demo', ...PACE]);
    expect(await visitor.wholeText()).to.equal((await kept()).content);
  });

  it('stops an answer, and keeps what had come', async () => {
    await visitor.ask('How does a stop work?');
    await visitor.textBeyond();
    await visitor.stop.click();
    await visitor.shows(/^Stopped · \d+ tokens · .* · received in full$/);
    expect(await visitor.text()).to.equal((await kept()).content);
    expect(await visitor.send.isVisible()).to.equal(true);
  });

  it('names a chat by its first question, renames it, and deletes it', async () => {
    await visitor.ask('What is an epoch?');
    await visitor.wholeText();
    const { chatId } = visitor;
    const list = visitor.page.getByRole('navigation', { name: 'Chats' });
    await list.getByRole('button', { name: 'Rename What is an epoch?' }).click();
    await visitor.page.getByLabel('Title').fill('Epochs');
    await visitor.page.getByRole('button', { name: 'Rename', exact: true }).click();
    await visitor.page.getByRole('heading', { level: 1, name: 'Epochs' }).waitFor();
    expect(await visitor.page.title()).to.equal('Epochs · Holdfast');
    await list.getByRole('button', { name: 'Delete Epochs' }).click();
    await visitor.page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await visitor.page.getByRole('heading', { level: 1, name: 'New chat' }).waitFor();
    await list.getByRole('link', { name: 'Epochs' }).waitFor({ state: 'detached' });
    await visitor.page.goto(`${server.urls.chat}/#/chats/${chatId}`);
    await visitor.shows('This chat is not there, or not any more.');
  });

  it('lists the devices, ends all others, and notices within a second that it was ended itself', async () => {
    const elsewhere = await browser.newContext();
    const other = await Visitor.logIn(elsewhere, server.urls.chat);
    await other.ask('What is fairness?');
    await other.textBeyond();
    await visitor.page.getByRole('link', { name: /your account and devices/ }).click();
    await visitor.page.getByText('This device').waitFor();
    await visitor.page.getByRole('button', { name: 'Log out all other devices' }).click();
    await visitor.page.getByRole('button', { name: 'Log them out' }).click();
    await other.page.getByText('Your login has ended. Log in again to go on.').waitFor({ timeout: 3_000 });
    await eventually(async () => expect(await visitor.page.locator('.devices li').count()).to.equal(1));
    other.expectNoFaults();
    await elsewhere.close();
  });

  it('logs out in all its tabs, and a login brings back what was open', async () => {
    await context.clearCookies();
    visitor = await Visitor.logIn(context, server.urls.chat);
    await visitor.ask('What is a stream?');
    await visitor.wholeText();
    const second = await Visitor.open(context, visitor.page.url());
    await second.textBeyond(0);
    await visitor.page.getByRole('button', { name: 'Log out' }).click();
    await visitor.page.getByRole('heading', { name: 'Log in' }).waitFor();
    await second.page.getByRole('heading', { name: 'Log in' }).waitFor();
    expect(await context.cookies()).to.deep.equal([]);
    await second.enter('user1', 'User1@123');
    await second.textBeyond(0);
    await visitor.question.waitFor();
    second.expectNoFaults();
  });
});
