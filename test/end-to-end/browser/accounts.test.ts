import { expect } from 'chai';
import type { Browser, BrowserContext } from 'playwright-core';
import { launchChromium } from '../../support/chromium.ts';
import { RunningServer } from '../../support/running-server.ts';
import { Visitor } from './visitor.ts';

const PASSWORD = 'a quiet harbour at dusk';

describe('accounts on the page', function () {
  this.timeout(60_000);
  let browser: Browser;
  let server: RunningServer;
  let context: BrowserContext;

  before(async () => {
    browser = await launchChromium();
    server = await RunningServer.start(['--model-pace', '0']);
  });
  after(async () => {
    await browser?.close();
    await server?.dispose();
  });
  beforeEach(async () => {
    context = await browser.newContext();
  });
  afterEach(() => context.close());

  it('open nothing to the first admin but the choice of a password', async () => {
    const [, told = ''] = /^ {2}admin +(\S+)$/m.exec(server.output) ?? [];
    const visitor = await Visitor.open(context, server.urls.chat);
    await visitor.enter('admin', told);
    await visitor.page.getByRole('heading', { name: 'Choose a password' }).waitFor();
    expect(await visitor.question.count()).to.equal(0);
    await visitor.page.getByLabel('Current password').fill(told);
    await visitor.page.getByLabel('New password').fill(PASSWORD);
    await visitor.page.getByRole('button', { name: 'Change the password' }).click();
    await visitor.question.waitFor();
    await visitor.page.reload();
    await visitor.question.waitFor();
    visitor.expectNoFaults();
  });

  it('are made on the page, and told in a sentence that they have no credit yet', async () => {
    const visitor = await Visitor.open(context, server.urls.chat);
    expect(await visitor.page.getByText('Your first visit?').count(), 'no demo, no hint').to.equal(0);
    await visitor.page.getByRole('button', { name: 'Make an account' }).click();
    await visitor.page.getByLabel('Username').fill('ann');
    await visitor.page.getByLabel('Email').fill('ann@example.org');
    await visitor.page.getByLabel('Password').fill(PASSWORD);
    await visitor.page.getByRole('button', { name: 'Make the account' }).click();
    await visitor.question.waitFor();
    await visitor.shows('0 credits');
    await visitor.ask('What is a hold?');
    await visitor.shows('You have not enough credit for this question. Ask an administrator for more.');
    expect(await visitor.question.inputValue(), 'the question is still there').to.equal('What is a hold?');
    expect(await visitor.page.locator('.message').count()).to.equal(0);
    visitor.expectNoFaults();
  });

  it('stay closed to a wrong password, and say so', async () => {
    const visitor = await Visitor.open(context, server.urls.chat);
    await visitor.enter('admin', 'not the password');
    await visitor.page.getByRole('alert').filter({ hasText: /\S/ }).waitFor();
    expect(await context.cookies()).to.deep.equal([]);
    expect(await visitor.question.count()).to.equal(0);
  });

  it('change their password, which logs out every other browser', async () => {
    const visitor = await Visitor.logIn(context, server.urls.chat, 'admin', PASSWORD);
    const elsewhere = await browser.newContext();
    const other = await Visitor.logIn(elsewhere, server.urls.chat, 'admin', PASSWORD);
    await visitor.page.getByRole('link', { name: /your account and devices/ }).click();
    await visitor.page.getByLabel('Current password').fill(PASSWORD);
    await visitor.page.getByLabel('New password').fill(`${PASSWORD}, again`);
    await visitor.page.getByRole('button', { name: 'Change the password' }).click();
    await visitor.page.getByRole('status').filter({ hasText: 'Your password is changed' }).waitFor();
    // It is told so without asking: an admin's page listens to what agents ask.
    await other.page.getByText('Your login has ended. Log in again to go on.').waitFor();
    await visitor.page.reload();
    await visitor.page.getByRole('heading', { name: 'Your account' }).waitFor();
    visitor.expectNoFaults();
    await elsewhere.close();
  });
});
