import { expect } from 'chai';
import type { Browser, BrowserContext, Locator } from 'playwright-core';
import { reviewIdOf } from '../../support/agent-event-builders.ts';
import { launchChromium } from '../../support/chromium.ts';
import { type ControlService, controlService, LLM_EVENT } from '../../support/control-service.ts';
import { eventually } from '../../support/eventually.ts';
import { independentPairedEvent } from '../../support/independent-wire.ts';
import { faultsOf } from './accessibility.ts';
import { Visitor } from './visitor.ts';

const SUPERVISOR = ['supervisor1', 'Supervisor1@'] as const;
const ADMIN = ['admin', 'admin@admin'] as const;

describe("the reviewer's page", function () {
  this.timeout(60_000);
  let browser: Browser;
  let service: ControlService;
  let context: BrowserContext;
  const now = { receivedAtMs: Date.now() };

  before(async () => {
    browser = await launchChromium();
  });
  after(() => browser?.close());
  beforeEach(async () => {
    service = await controlService();
    context = await browser.newContext();
  });
  afterEach(async () => {
    await context.close();
    await service.close();
  });

  /** Logs in, and goes to the reviews by the page's own way. */
  async function review([username, password]: readonly [string, string] = SUPERVISOR): Promise<Visitor> {
    const visitor = await Visitor.logIn(context, service.urls.chat, username, password);
    await visitor.page.getByRole('link', { name: 'Reviews' }).click();
    await visitor.page.getByRole('heading', { name: 'Reviews', level: 1 }).waitFor();
    return visitor;
  }
  const card = ({ page }: Visitor, number: number): Locator =>
    page.locator(`article[data-id="${reviewIdOf(number)}"]`);
  const decided = ({ page }: Visitor, words: string): Locator =>
    page.locator('.decided li').filter({ hasText: words });
  const statusOf = async (number: number) =>
    (await service.store.findByReview(reviewIdOf(number)))?.review?.status;

  it('shows what an agent asks as it asks it, and takes the decision with its comment', async () => {
    const visitor = await review();
    await visitor.shows('Nothing waits.');
    await service.ask(1, now);
    const asked = card(visitor, 1);
    await asked.waitFor();
    expect(await asked.getByRole('heading').textContent()).to.equal(
      'agent-1 (calls itself night-watch) wants to use shell, notify',
    );
    expect(await asked.locator('pre').first().textContent()).to.equal(
      '{"command":"rm -rf /var/lib/backups"}',
    );
    await asked.getByText('Deletes everything (deletes-everything)').waitFor();
    await asked.getByText('The conversation before it: 2 messages').click();
    await asked.getByText('Make room on the disk.').waitFor();
    await asked.getByLabel('Comment').fill('Not the backups.');
    await asked.getByRole('button', { name: 'Reject' }).click();
    await decided(visitor, 'Rejected by you').waitFor();
    await decided(visitor, 'Not the backups.').waitFor();
    expect(await asked.count()).to.equal(0);
    const { review: stored } = (await service.store.findByReview(reviewIdOf(1))) ?? {};
    expect(stored).to.include({ status: 'rejected', comment: 'Not the backups.' });
    visitor.expectNoFaults();
  });

  it('shows in a second tab, and in another browser, what is decided in the first, through one connection a browser', async () => {
    await service.ask(1, now);
    await service.ask(2, now);
    let connections = 0;
    context.on('request', (request) => {
      if (request.url().endsWith('/api/reviews/live')) connections += 1;
    });
    const first = await review();
    const second = await Visitor.comeBack(context, service.urls.chat);
    await second.page.getByRole('link', { name: 'Reviews 2 waiting' }).click();
    await card(second, 1).waitFor();
    const elsewhere = await browser.newContext();
    const other = await Visitor.logIn(elsewhere, service.urls.chat, ...ADMIN);
    await other.page.goto(`${service.urls.chat}/#/reviews`);
    await card(other, 1).waitFor();
    await card(first, 1).getByRole('button', { name: 'Approve' }).click();
    await decided(second, 'Approved by you').waitFor();
    await decided(other, 'Approved by supervisor1').waitFor();
    for (const visitor of [first, second, other]) {
      await visitor.page.getByText('Waiting for a decision: 1').waitFor();
      expect(await card(visitor, 2).count()).to.equal(1);
      visitor.expectNoFaults();
    }
    expect(connections).to.equal(1);
    await elsewhere.close();
  });

  it('goes on reading in another tab when the one that read is closed', async () => {
    const first = await review();
    const second = await Visitor.comeBack(context, service.urls.chat);
    await second.page.goto(`${service.urls.chat}/#/reviews`);
    await second.shows('Nothing waits.');
    await first.page.close();
    await service.ask(1, now);
    await card(second, 1).waitFor();
  });

  it('keeps what was typed and where the focus was while other reviews come and go', async () => {
    await service.ask(2, now);
    const visitor = await review();
    const comment = card(visitor, 2).getByLabel('Comment');
    await comment.fill('Half a thou');
    await service.ask(1, now);
    await service.ask(3, now);
    await card(visitor, 3).waitFor();
    await visitor.page.keyboard.type('ght');
    expect(await comment.inputValue()).to.equal('Half a thought');
    const order = await visitor.page
      .locator('article.review')
      .evaluateAll((cards) => cards.map((element) => element.getAttribute('data-id')));
    expect(order).to.deep.equal([1, 2, 3].map((number) => reviewIdOf(number)));
    const tab = await service.tab('admin');
    await tab.send('POST', `/api/reviews/${reviewIdOf(2)}/reject`);
    await card(visitor, 2).waitFor({ state: 'detached' });
    const focused = await visitor.page.evaluate(() => document.activeElement?.id);
    expect(focused, 'the focus goes on at the next').to.equal(`review-${reviewIdOf(3)}`);
  });

  it('takes no click that was meant for the review which was there a moment before', async () => {
    await service.ask(1, now);
    await service.ask(2, now);
    const visitor = await review();
    await card(visitor, 2).waitFor();
    const moment = Date.now();
    await visitor.page.clock.setFixedTime(moment);
    const tab = await service.tab('admin');
    await tab.send('POST', `/api/reviews/${reviewIdOf(1)}/reject`);
    await card(visitor, 1).waitFor({ state: 'detached' });
    const approve = card(visitor, 2).getByRole('button', { name: 'Approve' });
    await approve.click();
    await visitor.shows('The reviews have just moved.');
    expect(await statusOf(2)).to.equal('pending');
    await visitor.page.clock.setFixedTime(moment + 1_000);
    await approve.click();
    await decided(visitor, 'Approved by you').waitFor();
  });

  it('shows text of agents as text, with nothing hidden in it', async () => {
    const hostile = '<img src=x onerror="document.title=1">\u202eapproved\u200b';
    const toolCalls = [{ name: hostile, args: hostile }];
    const llm = { ...LLM_EVENT.llm, output: hostile, reasoning: hostile, toolCalls };
    await service.ask(1, { ...now, bytes: independentPairedEvent({ ...LLM_EVENT, llm }) });
    const visitor = await review();
    await card(visitor, 1).getByText('It has thought').waitFor();
    const shown = '<img src=x onerror="document.title=1">\\u{202e}approved\\u{200b}';
    expect((await card(visitor, 1).locator('pre').allTextContents()).slice(0, 3)).to.deep.equal([
      shown,
      shown,
      shown,
    ]);
    expect(await visitor.page.locator('main img').count()).to.equal(0);
    visitor.expectNoFaults();
  });

  it('is decided by keys alone', async () => {
    await service.ask(1, now);
    const visitor = await review();
    await card(visitor, 1).waitFor();
    await card(visitor, 1).getByLabel('Comment').focus();
    await visitor.page.keyboard.type('Go on.');
    await visitor.page.keyboard.press('Tab');
    await visitor.page.keyboard.press('Tab');
    await visitor.page.keyboard.press('Enter');
    await decided(visitor, 'Approved by you').waitFor();
    await eventually(async () => expect(await statusOf(1)).to.equal('approved'));
    await visitor.page.getByRole('status').filter({ hasText: 'is approved by you' }).waitFor();
  });

  it('lets an admin change the policy, of all agents and of one, and a supervisor only read it', async () => {
    const visitor = await review(ADMIN);
    await visitor.page.getByLabel('Ask a person').check();
    await visitor.page.getByLabel('M2: worth telling').check();
    await visitor.page.getByRole('button', { name: 'Save the policy' }).click();
    await visitor.page
      .getByRole('status')
      .filter({ hasText: 'The policy of all agents is saved.' })
      .waitFor();
    await visitor.page.getByRole('button', { name: 'A policy for one agent' }).click();
    await visitor.page.getByLabel('Agent, as its key names it').fill('builder');
    await visitor.page.getByRole('button', { name: 'Go on' }).click();
    await visitor.page.getByLabel('Block').check();
    await visitor.page.getByRole('button', { name: 'Save the policy' }).click();
    await visitor.page.getByRole('status').filter({ hasText: 'The policy of builder is saved.' }).waitFor();
    const tab = await service.tab('supervisor1');
    const read = async (path: string) => (await tab.send('GET', `/api/settings/policy${path}`)).body;
    expect(await read('')).to.include({ mode: 'hitl', m2: true, m3: true });
    expect(await read('/agents/builder')).to.include({ mode: 'block', m2: true, isOwn: true });
    for (const code of ['M4: dangerous, hard to undo', 'M3: dangerous', 'M2: worth telling'])
      await visitor.page.getByLabel(code, { exact: true }).uncheck();
    await visitor.page.getByLabel('What cannot be classified counts as dangerous').check();
    await visitor.page.getByRole('button', { name: 'Save the policy' }).click();
    await visitor.shows('A policy that fails closed enables at least one');
    await visitor.page.getByRole('button', { name: 'Go by the policy of all again' }).click();
    await eventually(async () => expect(await read('/agents/builder')).to.include({ isOwn: false }));
    visitor.expectNoFaults();
    await context.close();
    context = await browser.newContext();
    const reader = await review();
    await reader.shows('An admin can change it.');
    expect(await reader.page.getByLabel('Ask a person').isDisabled()).to.equal(true);
    expect(await reader.page.getByLabel('Ask a person').isChecked()).to.equal(true);
  });

  it('makes neither answer the easier one', async () => {
    await service.ask(1, now);
    const visitor = await review();
    const look = (name: string) =>
      card(visitor, 1)
        .getByRole('button', { name })
        .evaluate((button) => {
          const { color, backgroundColor, borderColor, fontWeight } = getComputedStyle(button);
          const { width, height, top } = button.getBoundingClientRect();
          return { color, backgroundColor, borderColor, fontWeight, width, height, top };
        });
    const reject = await look('Reject');
    expect(reject.width).to.be.above(0);
    expect(await look('Approve')).to.deep.equal(reject);
  });

  it('says on a phone that something waits, whatever is shown, and in the list where one is', async () => {
    await context.close();
    context = await browser.newContext({ viewport: { width: 360, height: 640 } });
    const { page } = await Visitor.logIn(context, service.urls.chat, ...SUPERVISOR);
    await page.getByRole('button', { name: 'Chats and account', exact: true }).waitFor();
    await service.ask(1, now);
    await page.getByRole('button', { name: 'Chats and account; reviews waiting: 1', exact: true }).click();
    const here = page.locator('.side [aria-current=page]');
    expect(await here.textContent()).to.equal('New chat');
    await page.getByRole('link', { name: 'Reviews' }).click();
    expect(await here.textContent()).to.equal('Reviews1 waiting');
    await page.getByRole('button', { name: 'Reject' }).click();
    await page.getByRole('button', { name: 'Chats and account', exact: true }).waitFor();
  });

  it('is offered to nobody else', async () => {
    const visitor = await Visitor.logIn(context, service.urls.chat);
    expect(await visitor.page.getByRole('link', { name: 'Reviews' }).count()).to.equal(0);
    await visitor.page.goto(`${service.urls.chat}/#/reviews`);
    await visitor.question.waitFor();
    visitor.expectNoFaults();
  });

  it('ends with the login, in every tab', async () => {
    const visitor = await review();
    const second = await Visitor.comeBack(context, service.urls.chat);
    await visitor.page.getByRole('button', { name: 'Log out' }).click();
    await second.page.getByLabel('Username').waitFor();
    await visitor.page.getByLabel('Username').waitFor();
    visitor.expectNoFaults();
  });

  for (const [name, device] of Object.entries({
    'a light desktop': { viewport: { width: 1280, height: 800 }, colorScheme: 'light' },
    'a dark phone': { viewport: { width: 360, height: 640 }, colorScheme: 'dark' },
  } as const)) {
    it(`names every control, has one heading and its landmarks, is legible and fits on ${name}`, async () => {
      await context.close();
      context = await browser.newContext({ ...device, reducedMotion: 'reduce' });
      await service.ask(1, now);
      await service.ask(2, now);
      const tab = await service.tab('supervisor1');
      await tab.send('POST', `/api/reviews/${reviewIdOf(2)}/reject`, { comment: 'No.' });
      const visitor = await Visitor.logIn(context, service.urls.chat, ...ADMIN);
      await visitor.page.goto(`${service.urls.chat}/#/reviews`);
      await card(visitor, 1).getByText('The conversation before it').click();
      await decided(visitor, 'Rejected').waitFor();
      expect(await faultsOf(visitor.page)).to.deep.equal([]);
    });
  }
});
