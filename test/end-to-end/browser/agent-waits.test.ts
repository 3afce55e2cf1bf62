import { expect } from 'chai';
import type { Browser, BrowserContext } from 'playwright-core';
import { AgentClient, DANGEROUS } from '../../support/agent-client.ts';
import { ApiClient } from '../../support/api-client.ts';
import { launchChromium } from '../../support/chromium.ts';
import { RunningServer } from '../../support/running-server.ts';
import { Visitor } from './visitor.ts';

describe('an agent that waits for a person on the page', function () {
  this.timeout(90_000);
  let browser: Browser;
  let context: BrowserContext;
  let server: RunningServer;
  let agent: AgentClient;

  before(async () => {
    browser = await launchChromium();
    server = await RunningServer.start(['--demo', '--model-pace', '0']);
    const admin = await ApiClient.login(server.urls, 'admin', 'admin@admin');
    const draft = { name: 'builder', scopes: ['control'], agent: 'builder', password: 'admin@admin' };
    const { key } = (await admin.post('auth', '/api/keys', draft)).body;
    agent = await AgentClient.login(server.urls.chat, key, 'sess-1');
    context = await browser.newContext();
  });
  after(async () => {
    await context?.close();
    await browser?.close();
    await server?.dispose();
  });

  it('goes by the policy that an admin saves there, and gets the answer of whoever clicks, in whichever tab', async () => {
    const first = await Visitor.logIn(context, server.urls.chat, 'admin', 'admin@admin');
    await first.page.goto(`${server.urls.chat}/#/reviews`);
    await first.page.getByLabel('Ask a person').check();
    await first.page.getByRole('button', { name: 'Save the policy' }).click();
    expect((await agent.ack()).policy.mode, 'it is told at once').to.equal(2);
    const second = await Visitor.comeBack(context, server.urls.chat);
    await second.page.goto(`${server.urls.chat}/#/reviews`);
    await second.shows('Nothing waits.');

    agent.event('evt-1', DANGEROUS);
    for (const visitor of [first, second]) await visitor.shows('rm -rf / --no-preserve-root');
    await second.page.getByRole('button', { name: 'Approve' }).click();
    expect((await agent.verdict('evt-1')).hitl.continueExecution).to.equal(true);
    for (const visitor of [first, second]) {
      await visitor.page.locator('.decided li').filter({ hasText: 'Approved by you' }).waitFor();
      await visitor.shows('Nothing waits.');
    }

    agent.event('evt-2', DANGEROUS);
    await first.page.getByRole('button', { name: 'Reject' }).press('Enter');
    const verdict = await agent.verdict('evt-2');
    expect(verdict.hitl.continueExecution ?? false).to.equal(false);
    expect(verdict.madCode).to.match(/^M[34]/);
    for (const visitor of [first, second]) visitor.expectNoFaults();
  });
});
