import { expect } from 'chai';
import type { Browser, BrowserContext } from 'playwright-core';
import { ApiClient } from '../../support/api-client.ts';
import { launchChromium } from '../../support/chromium.ts';
import { eventually } from '../../support/eventually.ts';
import { RunningServer } from '../../support/running-server.ts';
import { type KeptLogin, keepLogin, StreamConnections, Visitor } from './visitor.ts';

describe('several tabs that show one chat', function () {
  this.timeout(60_000);
  let browser: Browser;
  let server: RunningServer;
  let context: BrowserContext;
  let connections: StreamConnections;
  let login: KeptLogin;
  let first: Visitor;

  before(async () => {
    browser = await launchChromium();
    // An answer goes on for several times as long as it takes to open two more tabs.
    server = await RunningServer.start(['--demo', '--model-pace', '50']);
    login = await keepLogin(browser, server.urls.chat);
  });
  after(async () => {
    await browser?.close();
    await server?.dispose();
  });
  beforeEach(async () => {
    context = await browser.newContext({ storageState: login });
    connections = new StreamConnections(context);
    first = await Visitor.comeBack(context, server.urls.chat);
  });
  afterEach(() => context.close());

  /** The newest answer of the visitor's chat, as the server has kept it. */
  async function kept(chatId: string): Promise<string> {
    const user = await ApiClient.login(server.urls, 'user1', 'User1@123');
    const { body } = await user.get('chat', `/api/chat/sessions/${chatId}/messages`);
    return body.messages.at(-1).content;
  }

  it('read one connection, whichever of them asks', async () => {
    await first.ask('What is Holdfast?');
    await first.textBeyond();
    const second = await Visitor.open(context, first.page.url());
    const third = await Visitor.open(context, first.page.url());
    const whole = await first.wholeText();
    expect(await second.wholeText()).to.equal(whole);
    expect(await third.wholeText()).to.equal(whole);
    expect(whole).to.equal(await kept(first.chatId));
    expect(connections).to.include({ total: 1, most: 1 });
    await second.shows(/received in full/);

    await third.ask('What is a hold?');
    await first.page.getByText('What is a hold?').waitFor();
    const next = await third.wholeText();
    await eventually(async () => expect(await first.text()).to.equal(next));
    await eventually(async () => expect(await second.text()).to.equal(next));
    expect(next).to.equal(await kept(first.chatId));
    expect(await second.page.locator('.message').count()).to.equal(4);
    expect(connections).to.include({ total: 2, most: 1 });
    for (const visitor of [first, second, third]) visitor.expectNoFaults();
  });

  it('go on when the one that reads is closed, without losing or doubling a character', async () => {
    await first.ask('What is a streaming session?');
    const before = await first.textBeyond();
    const { chatId } = first;
    const second = await Visitor.open(context, first.page.url());
    const third = await Visitor.open(context, first.page.url());
    await second.textBeyond(before.length);
    await third.textBeyond(before.length);
    await first.page.close();
    const whole = await second.wholeText();
    expect(await third.wholeText()).to.equal(whole);
    expect(whole).to.equal(await kept(chatId));
    expect(whole.startsWith(before)).to.equal(true);
    expect(connections.total, 'the reader that asked, and the one that took over').to.equal(2);
    expect(connections.most).to.equal(1);
    await third.shows(/received in full/);
  });

  it('stop the answer from any of them', async () => {
    await first.ask('What is a reservation?');
    await first.textBeyond();
    const second = await Visitor.open(context, first.page.url());
    await second.textBeyond();
    await second.stop.click();
    await first.shows(/^Stopped/);
    await second.shows(/^Stopped/);
    expect(await second.text()).to.equal(await first.text());
  });
});
