import { expect } from 'chai';
import type { Browser, BrowserContext } from 'playwright-core';
import { launchChromium } from '../../support/chromium.ts';
import { RunningServer } from '../../support/running-server.ts';
import { faultsOf } from './accessibility.ts';
import { Visitor } from './visitor.ts';

describe('the page without a mouse', function () {
  this.timeout(60_000);
  let browser: Browser;
  let server: RunningServer;
  let context: BrowserContext;
  let visitor: Visitor;

  before(async () => {
    browser = await launchChromium();
    server = await RunningServer.start(['--demo', '--model-pace', '400']);
  });
  after(async () => {
    await browser?.close();
    await server?.dispose();
  });
  afterEach(() => context.close());

  const press = (...keys: string[]): Promise<void> =>
    keys.reduce((before, key) => before.then(() => visitor.page.keyboard.press(key)), Promise.resolve());
  /** What has the focus, by the words that a screen reader says. */
  const focused = (): Promise<string> =>
    visitor.page.evaluate(() => {
      const element = document.activeElement as HTMLElement | null;
      const label = (element as HTMLInputElement | null)?.labels?.[0]?.textContent;
      return element?.getAttribute('aria-label') ?? label ?? element?.textContent ?? '';
    });

  it('is walked from the login to an answer and out by keys alone', async () => {
    context = await browser.newContext();
    visitor = await Visitor.open(context, server.urls.chat);
    await visitor.page.getByLabel('Username').waitFor();
    expect(await focused()).to.equal('Username');
    await visitor.page.keyboard.type('user1');
    await press('Tab');
    await visitor.page.keyboard.type('User1@123');
    await press('Enter');
    await visitor.question.waitFor();
    expect(await focused()).to.equal('Your question');
    await visitor.page.keyboard.type('What is a hold?');
    await press('Shift+Enter');
    await visitor.page.keyboard.type('And a lease?');
    await press('Enter');
    await visitor.wholeText();
    expect(await focused(), 'the next question can be typed at once').to.equal('Your question');
    await visitor.page.waitForFunction(() =>
      /Complete/.test(document.getElementById('status')?.textContent ?? ''),
    );

    await visitor.page.getByRole('link', { name: 'To the conversation' }).focus();
    expect(await visitor.page.locator('.shell > :first-child').textContent(), 'the first stop').to.equal(
      'To the conversation',
    );
    await press('Enter');
    expect(await focused()).to.equal('Your question');
    const rename = visitor.page.getByRole('button', { name: /^Rename/ });
    await rename.focus();
    await press('Enter');
    expect(await focused()).to.equal('Title');
    await press('Escape');
    expect(await focused(), 'back where the dialog was opened').to.match(/^Rename What is a hold/);
    await visitor.page.getByRole('button', { name: 'Log out' }).focus();
    await press('Enter');
    await visitor.page.getByLabel('Username').waitFor();
    expect(await focused()).to.equal('Username');
    visitor.expectNoFaults();
  });

  for (const [name, device] of Object.entries({
    'a light desktop': { viewport: { width: 1280, height: 800 }, colorScheme: 'light' },
    'a dark phone': { viewport: { width: 360, height: 640 }, colorScheme: 'dark' },
  } as const)) {
    it(`names every control, has one heading and its landmarks, is legible and fits on ${name}`, async () => {
      context = await browser.newContext({ ...device, reducedMotion: 'reduce' });
      visitor = await Visitor.open(context, server.urls.chat);
      await visitor.page.getByLabel('Username').waitFor();
      expect(await faultsOf(visitor.page), 'login').to.deep.equal([]);
      await visitor.enter('user1', 'User1@123');
      await visitor.question.waitFor();
      expect(await faultsOf(visitor.page), 'new chat').to.deep.equal([]);
      await visitor.ask('What is a streaming session?');
      await visitor.wholeText();
      expect(await faultsOf(visitor.page), 'conversation').to.deep.equal([]);
      await visitor.page.goto(`${server.urls.chat}/#/account`);
      await visitor.page.getByText('This device').waitFor();
      expect(await faultsOf(visitor.page), 'account').to.deep.equal([]);
    });
  }
});
