import { expect } from 'chai';
import { SessionOwners } from '../../../src/application/control/session-owners.ts';
import { EndSubscription } from '../../../src/application/multiplexing/end-subscription.ts';
import { Subscriber } from '../../../src/domain/multiplexing/subscriber.ts';
import { SUBSCRIBER_BOUNDS } from '../../../src/domain/multiplexing/subscriber-bounds.ts';
import { agent } from '../../support/agent-event-builders.ts';
import { ControlDesk } from '../../support/control-desk.ts';
import { user } from '../../support/ledger-builders.ts';
import { codeOf } from '../../support/refusals.ts';
import { aClaim, aRouteClaim } from '../../support/subscriber-builders.ts';

const ADMIN = { by: user(1), requestId: 'request-1' };

describe("the owners of agents' session ids", () => {
  let desk: ControlDesk;
  let owners: SessionOwners;
  beforeEach(() => {
    desk = new ControlDesk();
    owners = new SessionOwners({ ...desk, end: new EndSubscription(desk) });
  });

  async function claim(facts: Parameters<typeof aClaim>[0], build = aRouteClaim): Promise<void> {
    const claimed = build(facts);
    const to = { nowMs: desk.clock.nowMs(), mark: `claimed ${claimed.id}` };
    const { subscriber } = Subscriber.claim(undefined, claimed, to);
    const condition = { expected: undefined, bounds: SUBSCRIBER_BOUNDS.control };
    await desk.directory.put(subscriber.snapshot(), condition);
  }

  it('are listed by pages, and no multiplexed session with them', async () => {
    await claim({}, aClaim);
    for (const name of ['a', 'b', 'c']) await claim({ id: `control:${name}`, owner: agent(1) });
    const first = await owners.list({ limit: 2 });
    expect(first.owners.map(({ id }) => id)).to.deep.equal(['control:a', 'control:b']);
    expect(first.next).to.equal('b');
    const second = await owners.list({ limit: 2, after: 'b' });
    expect(second.owners.map(({ id }) => id)).to.deep.equal(['control:c']);
    expect(second.next).to.equal(undefined);
  });

  it('lose an id when an admin takes it, audited, and every node hears of it', async () => {
    await claim({ id: 'control:sess-1', owner: agent(1) });
    const { owner } = await owners.release({ sessionId: 'sess-1', ...ADMIN });
    expect(owner).to.equal(agent(1));
    expect(await desk.directory.find('control:sess-1')).to.equal(undefined);
    expect(desk.words).to.deep.equal([{ kind: 'owners', sessionId: 'sess-1' }]);
    expect(desk.audit.records).to.deep.equal([
      {
        act: 'session_owner.released',
        outcome: 'done',
        actor: user(1),
        object: 'sess-1',
        requestId: 'request-1',
        facts: { owner: agent(1) },
      },
    ]);
  });

  it('are not there for an id that nobody has', async () => {
    expect(await codeOf(() => owners.release({ sessionId: 'sess-1', ...ADMIN }))).to.equal(
      'subscriber.not_found',
    );
    expect(desk.audit.records).to.deep.equal([]);
  });
});
