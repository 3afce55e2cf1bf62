import { expect } from 'chai';
import { policyIn, REVIEW_MS, reviewIdOf } from '../../../support/agent-event-builders.ts';
import { EventReader } from '../../../support/api-client.ts';
import type { BrowserTab } from '../../../support/browser-tab.ts';
import { type ControlService, controlService } from '../../../support/control-service.ts';
import { eventually } from '../../../support/eventually.ts';

describe('the routes of reviews', function () {
  this.timeout(20_000);
  let service: ControlService;
  let supervisor: BrowserTab;
  /** Reviews are asked now, so that the system's clock finds none of them overdue. */
  const now = { receivedAtMs: Date.now() };
  before(async () => {
    service = await controlService();
    supervisor = await service.tab('supervisor1');
  });
  after(() => service.close());

  it('show what an agent asks, with its event as it was sent', async () => {
    const state = await service.ask(1, now);
    const { status, body } = await supervisor.send('GET', `/api/reviews/${reviewIdOf(1)}`);
    expect(status).to.equal(200);
    const { event, ...facts } = body;
    expect(facts).to.deep.equal({
      id: reviewIdOf(1),
      eventId: 'event-1',
      eventRef: state.id,
      owner: 'agent:agent-1',
      sessionId: 'sess-1',
      agentId: 'night-watch',
      madCode: 'M4.a',
      reason: 'code_in_scope',
      finding: 'Deletes everything',
      rule: 'deletes-everything',
      status: 'pending',
      createdAt: new Date(now.receivedAtMs).toISOString(),
      deadlineAt: new Date(now.receivedAtMs + REVIEW_MS).toISOString(),
    });
    expect(event.llm.toolCalls[0]).to.deep.equal({
      name: 'shell',
      args: '{"command":"rm -rf /var/lib/backups"}',
      id: 'call-1',
    });
    const list = await supervisor.send('GET', '/api/reviews?status=pending&limit=1');
    expect(list.body.reviews).to.deep.equal([body]);
  });

  it('take a decision once, and tell whoever is second', async () => {
    await service.ask(2, now);
    const at = `/api/reviews/${reviewIdOf(2)}`;
    const first = await supervisor.send('POST', `${at}/approve`, { comment: ' Known host. ' });
    expect(first.status).to.equal(200);
    expect(first.body).to.include({ status: 'approved', resolved: true });
    const second = await supervisor.send('POST', `${at}/reject`);
    expect([second.status, second.body.detail, second.body.code, second.body.reviewStatus]).to.deep.equal([
      409,
      'review already resolved',
      'review.already_resolved',
      'approved',
    ]);
    const read = (await supervisor.send('GET', at)).body;
    expect(read).to.include({ status: 'approved', comment: 'Known host.' });
    expect(read.resolvedBy).to.match(/^u_/);
    expect(read.resolvedByName).to.equal('supervisor1');
  });

  it('say that an agent is away, to which the decision comes later', async () => {
    const state = await service.ask(3, now);
    const { origin: _gone, ...rest } = state;
    await service.store.put({ ...rest, mark: 'its connection has gone' }, state.mark);
    const { body } = await supervisor.send('POST', `/api/reviews/${reviewIdOf(3)}/reject`, {});
    expect(body).to.include({ status: 'rejected', resolved: true });
    expect(body.notice).to.match(/not connected/);
  });

  it('find nothing under an id of no review', async () => {
    for (const id of ['nothing', reviewIdOf(999)]) {
      expect((await supervisor.send('GET', `/api/reviews/${id}`)).status).to.equal(404);
      expect((await supervisor.send('POST', `/api/reviews/${id}/approve`)).status).to.equal(404);
    }
  });

  it('refuse a decision from a page of another site, or without its token', async () => {
    await service.ask(4, now);
    const at = `/api/reviews/${reviewIdOf(4)}/approve`;
    const origin = 'http://127.0.0.1:9';
    expect((await supervisor.send('POST', at, {}, { origin })).status).to.equal(403);
    expect((await supervisor.send('POST', at, {}, { csrfToken: 'x' })).status).to.equal(403);
    expect((await supervisor.send('GET', `/api/reviews/${reviewIdOf(4)}`)).body.status).to.equal('pending');
  });

  it('refuse any API key, and a person who is no officer', async () => {
    const key = await service.mintKey('admin', 'chat', 'admin:read');
    for (const bearer of [key, await service.logIn('user1')]) {
      const headers = { Authorization: `Bearer ${bearer}` };
      for (const [method, path] of [
        ['GET', '/api/reviews'],
        ['GET', '/api/reviews/live'],
        ['POST', `/api/reviews/${reviewIdOf(4)}/approve`],
      ] as const) {
        const answer = await fetch(`${service.urls.chat}${path}`, { method, headers });
        expect([path, answer.status, ((await answer.json()) as { code: string }).code]).to.deep.equal([
          path,
          403,
          'permission.denied',
        ]);
      }
    }
  });

  it('take no comment that is too long', async () => {
    const comment = 'x'.repeat(2_001);
    const { status } = await supervisor.send('POST', `/api/reviews/${reviewIdOf(4)}/approve`, { comment });
    expect(status).to.equal(400);
  });

  describe('that follow', () => {
    const follow = async (tab: BrowserTab): Promise<EventReader> =>
      new EventReader(
        await fetch(`${service.urls.chat}/api/reviews/live`, { headers: { cookie: tab.cookie ?? '' } }),
      );
    const told = (reader: EventReader) =>
      reader.events.map(({ type, data }) =>
        [type, data.id, data.status].filter((word) => word !== undefined),
      );

    it('tell of every review as it is asked for and decided, without its event', async () => {
      const reader = await follow(supervisor);
      await reader.until(({ events }) => events.length === 1);
      await service.ask(5, now);
      await reader.until(({ events }) => events.length === 2);
      await supervisor.send('POST', `/api/reviews/${reviewIdOf(5)}/approve`, { comment: 'Go.' });
      await reader.until(({ events }) => events.length === 3);
      expect(told(reader)).to.deep.equal([
        ['ready'],
        ['review', reviewIdOf(5), 'pending'],
        ['review', reviewIdOf(5), 'approved'],
      ]);
      expect(reader.events[2]?.data).to.include({ madCode: 'M4.a', comment: 'Go.' });
      expect(reader.events[2]?.data).to.not.have.property('event');
      await reader.cut();
    });

    it('end within a second with the login that they are read by', async () => {
      const other = await service.tab('supervisor1');
      const reader = await follow(other);
      await reader.until(({ events }) => events.length === 1);
      const startedAt = performance.now();
      await other.send('DELETE', '/api/auth/session');
      expect(await reader.until(() => false)).to.equal(false);
      expect(performance.now() - startedAt).to.be.below(1_000);
    });

    it('let one person follow in a bounded number of places', async () => {
      const readers = await Promise.all(Array.from({ length: 16 }, () => follow(supervisor)));
      const refused = await follow(supervisor);
      expect(refused.response.status).to.equal(429);
      for (const reader of readers) await reader.cut();
      await eventually(async () => {
        const again = await follow(supervisor);
        expect(again.response.status).to.equal(200);
        await again.cut();
      });
    });
  });

  it('go by the policy of the moment at which is decided', async () => {
    const admin = await service.tab('admin');
    await service.ask(6, now);
    const policy = { ...policyIn('hitl'), m3: true, m4: false };
    expect((await admin.send('PUT', '/api/settings/policy', policy)).status).to.equal(200);
    await supervisor.send('POST', `/api/reviews/${reviewIdOf(6)}/reject`);
    const { body } = await supervisor.send('GET', '/api/events/event-6');
    expect(body.verdict).to.deep.equal({ madCode: 'M3', status: 'ok', continueExecution: false });
  });
});
