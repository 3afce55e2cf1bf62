import { expect } from 'chai';
import type { AgentEventStore } from '../../src/application/ports/control/agent-event-store.ts';
import { bindMemoryStore } from '../../src/main/modules/memory-store.ts';
import { AGENT_EVENTS } from '../../src/main/tokens/control.ts';
import { AgentClient, DANGEROUS } from '../support/agent-client.ts';
import { type ComposedServer, composedServer } from '../support/composed-server.ts';
import { eventually } from '../support/eventually.ts';

/** How long a verdict may take here, and a busy machine beside it, in milliseconds. */
const DEADLINE_MS = 500;
const IN_TIME_MS = 4_000;

describe('agents at a server whose store does not answer', function () {
  this.timeout(30_000);
  let server: ComposedServer;
  let store: AgentEventStore;
  /** The writes that wait, while the store hangs. */
  let waiting: Array<() => void> | undefined;

  before(async () => {
    server = await composedServer(
      undefined,
      (container) => {
        bindMemoryStore(container);
        store = container.get(AGENT_EVENTS);
        const record = store.record.bind(store);
        store.record = async (...given) => {
          const hanging = waiting;
          if (hanging !== undefined) await new Promise<void>((resolve) => hanging.push(resolve));
          return record(...given);
        };
      },
      { loops: true, flags: { 'control.verdictDeadline': `${DEADLINE_MS}ms` } },
    );
    const policy = {
      mode: 'block',
      m0: false,
      m2: false,
      m3: true,
      m4: true,
      failClosedOnClassifierError: true,
    };
    const { status } = await fetch(`${server.urls.chat}/api/settings/policy`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${await server.logIn('admin')}`, 'content-type': 'application/json' },
      body: JSON.stringify(policy),
    });
    expect(status).to.equal(200);
  });
  after(() => server.close());

  it('6. fail_closed_on_classifier_error is enforced on the server: are halted in time, and hear later what was kept', async () => {
    const key = await server.mintKey('admin', 'control');
    const agent = await AgentClient.login(server.urls.chat, key, 'hangs');
    waiting = [];
    const sentAtMs = performance.now();
    agent.event('hangs-1', DANGEROUS);
    await eventually(async () => expect(waiting).to.have.length(1));
    agent.event('hangs-2', DANGEROUS);
    for (const eventId of ['hangs-1', 'hangs-2']) {
      const verdict = await agent.verdict(eventId);
      expect(verdict).to.deep.include({ madCode: 'M4', status: 2, hitl: {} });
    }
    expect(performance.now() - sentAtMs).to.be.within(DEADLINE_MS / 2, IN_TIME_MS);
    const held = waiting;
    waiting = undefined;
    for (const goOn of held) goOn();
    // The one that was being written is kept, and the other has never been.
    expect(await agent.verdict('hangs-1')).to.include({ status: 1 });
    const { events } = await store.statistics(0);
    expect(events).to.equal(1);
    agent.event('hangs-2', DANGEROUS);
    expect(await agent.verdict('hangs-2')).to.include({ status: 1 });
    await agent.cut();
  });
});
