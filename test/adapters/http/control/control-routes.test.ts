import { expect } from 'chai';
import { DEFAULT_POLICY } from '../../../../src/domain/control/control-policy.ts';
import { Subscriber } from '../../../../src/domain/multiplexing/subscriber.ts';
import { SUBSCRIBER_BOUNDS } from '../../../../src/domain/multiplexing/subscriber-bounds.ts';
import { agent, anAgentEvent, eventIdOf, policyIn } from '../../../support/agent-event-builders.ts';
import type { BrowserTab } from '../../../support/browser-tab.ts';
import {
  type ControlService,
  controlService,
  controlStores,
  LLM_EVENT,
} from '../../../support/control-service.ts';
import { independentPairedEvent } from '../../../support/independent-wire.ts';
import { aRouteClaim } from '../../../support/subscriber-builders.ts';

const NAME_WITH_EVERYTHING = 'sess/1 ?#%2F';

describe("the routes of agents' control", function () {
  this.timeout(20_000);
  let service: ControlService;
  let admin: BrowserTab;
  let supervisor: BrowserTab;
  before(async () => {
    service = await controlService();
    [admin, supervisor] = [await service.tab('admin'), await service.tab('supervisor1')];
  });
  after(() => service.close());

  describe('show events', () => {
    before(async () => {
      const bytes = (number: number) => independentPairedEvent({ ...LLM_EVENT, eventId: `event-${number}` });
      const states = [1, 2, 3].map((number) =>
        anAgentEvent(number, { bytes: bytes(number), sessionId: NAME_WITH_EVERYTHING }),
      );
      const foreign = anAgentEvent(4, { owner: agent(2), bytes: Uint8Array.of(0xff), sessionId: 'other' });
      await service.store.record([...states, foreign], { maxPendingReviews: 10 });
    });

    it('one by one, by the server’s id and by the agent’s own', async () => {
      const own = await supervisor.send('GET', `/api/events/${eventIdOf(1)}`);
      const said = await supervisor.send('GET', '/api/events/event-1?owner=agent:agent-1');
      expect(said.body).to.deep.equal(own.body);
      expect(own.body).to.deep.include({
        id: eventIdOf(1),
        eventId: 'event-1',
        runId: 'run-1',
        agentId: 'night-watch',
        pairType: 'llm',
        madCode: 'M4.a',
        status: 'ok',
        reason: 'Deletes everything',
        delivery: 'due',
        verdict: { madCode: 'M4.a', status: 'ok' },
      });
      expect(own.body.event.llm.output).to.equal(LLM_EVENT.llm.output);
      expect((await supervisor.send('GET', '/api/events/event-1?owner=agent:agent-2')).status).to.equal(404);
    });

    it('by pages, the newest first, and one whose bytes nobody can read among them', async () => {
      const first = (await supervisor.send('GET', '/api/events?limit=3')).body;
      expect(first.events.map((event: { id: string }) => event.id)).to.deep.equal(
        [4, 3, 2].map((number) => eventIdOf(number)),
      );
      expect(first.events[0].event).to.equal(null);
      const second = (await supervisor.send('GET', `/api/events?limit=3&after=${first.next}`)).body;
      expect(second.events).to.have.length(1);
      expect(second).to.not.have.property('next');
    });

    it('of one session in their order, whatever it is called', async () => {
      const name = encodeURIComponent(NAME_WITH_EVERYTHING);
      const { body } = await supervisor.send('GET', `/api/sessions/${name}/timeline`);
      expect(body.sessionId).to.equal(NAME_WITH_EVERYTHING);
      expect(body.events.map((event: { id: string }) => event.id)).to.deep.equal(
        [1, 2, 3].map((number) => eventIdOf(number)),
      );
    });

    it('and write down who has read them', async () => {
      const acts = await service.acts('agent_event.read');
      expect(acts.map(({ object }) => object)).to.include.members([eventIdOf(1), NAME_WITH_EVERYTHING]);
    });

    it('and count them', async () => {
      const { body } = await supervisor.send('GET', '/api/stats/overview?since=2020-01-01T00:00:00Z');
      expect(body).to.deep.equal({
        since: '2020-01-01T00:00:00.000Z',
        events: 4,
        byCode: { 'M4.a': 4 },
        reviews: { pending: 0, approved: 0, rejected: 0, expired: 0 },
        due: 4,
        sessions: 2,
      });
      expect((await supervisor.send('GET', '/api/stats/overview')).body.events).to.equal(0);
    });

    it('and refuse a cursor that is none, and a page that is too long', async () => {
      for (const query of ['after=x', 'limit=101', 'owner=nobody']) {
        expect((await supervisor.send('GET', `/api/events?${query}`)).status, query).to.equal(400);
      }
    });
  });

  describe('change the policy', () => {
    const at = '/api/settings/policy';

    it('by an admin, and show it to every officer', async () => {
      const before = (await supervisor.send('GET', at)).body;
      expect(before).to.deep.equal({ ...DEFAULT_POLICY, version: 0, agents: [] });
      const changed = await admin.send('PUT', at, policyIn('hitl'));
      expect(changed.body).to.deep.equal({ ...policyIn('hitl'), version: 1, agents: [] });
      expect((await supervisor.send('GET', at)).body).to.deep.equal(changed.body);
      expect((await supervisor.send('PUT', at, policyIn('alert'))).status).to.equal(403);
    });

    it('of one agent, until it goes by that of all again', async () => {
      const one = `${at}/agents/${encodeURIComponent('night/watch')}`;
      const own = await admin.send('PUT', one, policyIn('block'));
      expect(own.body).to.deep.equal({ ...policyIn('block'), agentId: 'night/watch', isOwn: true });
      expect((await supervisor.send('GET', one)).body).to.deep.equal(own.body);
      expect((await supervisor.send('GET', at)).body.agents).to.deep.equal(['night/watch']);
      for (let time = 0; time < 2; time += 1) {
        const gone = await admin.send('DELETE', one);
        expect(gone.body).to.deep.equal({ ...policyIn('hitl'), agentId: 'night/watch', isOwn: false });
      }
      expect((await supervisor.send('DELETE', one)).status).to.equal(403);
    });

    it('to none that fails closed with no code enabled, and to none with a flag left out', async () => {
      const closed = { ...policyIn('block'), m3: false, m4: false, failClosedOnClassifierError: true };
      const refused = await admin.send('PUT', at, closed);
      expect([refused.status, refused.body.errors[0].path]).to.deep.equal([
        400,
        'failClosedOnClassifierError',
      ]);
      const { m0: _left, ...partial } = policyIn('block');
      expect((await admin.send('PUT', at, partial)).status).to.equal(400);
      expect((await admin.send('GET', at)).body.mode).to.equal('hitl');
    });

    it('with a record of what held before', async () => {
      const [first] = await service.acts('policy.');
      expect(first).to.deep.include({ facts: { from: 'alert m3 m4', to: 'hitl m3 m4', version: 1 } });
    });
  });

  it('list the MCP servers that agents have named', async () => {
    const { inventories } = controlStores(service);
    const servers = ['files', 'mail', 'web'].map((name) => ({ name, transport: 'stdio', endpoint: name }));
    await inventories.replace({ owner: agent(1), sessionId: 'sess-1' }, servers, 1_700_000_000_000);
    const first = (await supervisor.send('GET', '/api/mcp/servers?limit=2')).body;
    const second = (await supervisor.send('GET', `/api/mcp/servers?limit=2&after=${first.next}`)).body;
    const all = [...first.servers, ...second.servers];
    expect(all.map(({ name }: { name: string }) => name)).to.have.members(['files', 'mail', 'web']);
    expect(second).to.not.have.property('next');
    expect(all[0]).to.include({
      owner: agent(1),
      sessionId: 'sess-1',
      lastSeenAt: '2023-11-14T22:13:20.000Z',
    });
  });

  it('show whom a session id belongs to, and take it from him', async () => {
    const { directory } = controlStores(service);
    const claim = aRouteClaim({ id: `control:${NAME_WITH_EVERYTHING}`, owner: agent(1) });
    const { subscriber } = Subscriber.claim(undefined, claim, { nowMs: 1_700_000_000_000, mark: 'claimed' });
    await directory.put(subscriber.snapshot(), { expected: undefined, bounds: SUBSCRIBER_BOUNDS.control });
    const listed = (await admin.send('GET', '/api/ops/owners?owner=agent:agent-1')).body;
    expect(listed.owners).to.deep.equal([
      {
        sessionId: NAME_WITH_EVERYTHING,
        owner: agent(1),
        claimedAt: '2023-11-14T22:13:20.000Z',
        connected: true,
      },
    ]);
    const one = `/api/ops/owners/${encodeURIComponent(NAME_WITH_EVERYTHING)}`;
    expect((await supervisor.send('DELETE', one)).status).to.equal(403);
    const released = await admin.send('DELETE', one);
    expect([released.status, released.body.owner]).to.deep.equal([200, agent(1)]);
    expect((await admin.send('DELETE', one)).status).to.equal(404);
    expect((await admin.send('GET', '/api/ops/owners')).body.owners).to.deep.equal([]);
  });
});
