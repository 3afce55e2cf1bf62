import { expect } from 'chai';
import { ChangePolicy } from '../../../src/application/control/change-policy.ts';
import { DEFAULT_POLICY } from '../../../src/domain/control/control-policy.ts';
import { policyIn } from '../../support/agent-event-builders.ts';
import { ControlDesk } from '../../support/control-desk.ts';
import { user } from '../../support/ledger-builders.ts';
import { codeOf } from '../../support/refusals.ts';

const ADMIN = { by: user(1), requestId: 'request-1' };

describe('changing the policy', () => {
  let desk: ControlDesk;
  let change: ChangePolicy;
  beforeEach(() => {
    desk = new ControlDesk();
    change = new ChangePolicy({ ...desk, store: desk.policyStore });
  });

  it('holds here at once, and is told to every other node', async () => {
    await change.execute({ policy: policyIn('block'), ...ADMIN });
    expect(desk.policies.of(undefined)).to.deep.equal(policyIn('block'));
    expect(desk.words).to.deep.equal([{ kind: 'policy' }]);
  });

  it('is audited with what held before and what holds now', async () => {
    await change.execute({ policy: { ...policyIn('hitl'), failClosedOnClassifierError: true }, ...ADMIN });
    await change.execute({ agentId: 'night', policy: policyIn('block'), ...ADMIN });
    await change.execute({ agentId: 'night', ...ADMIN });
    const told = desk.audit.records.map(({ act, object, facts }) => ({ act, object, ...facts }));
    expect(told).to.deep.equal([
      {
        act: 'policy.changed',
        object: undefined,
        from: 'alert m3 m4',
        to: 'hitl m3 m4 fail-closed',
        version: 1,
      },
      { act: 'policy.agent_changed', object: 'night', from: 'none', to: 'block m3 m4', version: 2 },
      { act: 'policy.agent_changed', object: 'night', from: 'block m3 m4', to: 'none', version: 3 },
    ]);
  });

  it('writes nothing when nothing changes', async () => {
    await change.execute({ policy: DEFAULT_POLICY, ...ADMIN });
    await change.execute({ agentId: 'nobody', ...ADMIN });
    expect(desk.audit.records).to.deep.equal([]);
    expect((await change.read()).version).to.equal(0);
  });

  it('gives one agent a policy of its own, and takes it away again', async () => {
    await change.execute({ agentId: 'night', policy: policyIn('block'), ...ADMIN });
    expect(await change.readOf('night')).to.deep.equal({ policy: policyIn('block'), isOwn: true });
    expect(await change.readOf('day')).to.deep.equal({ policy: DEFAULT_POLICY, isOwn: false });
    await change.execute({ agentId: 'night', ...ADMIN });
    expect(await change.readOf('night')).to.deep.equal({ policy: DEFAULT_POLICY, isOwn: false });
  });

  it('refuses a policy that fails closed with no code enabled, for all and for one', async () => {
    const policy = { ...policyIn('block'), m3: false, m4: false, failClosedOnClassifierError: true };
    expect(await codeOf(() => change.execute({ policy, ...ADMIN }))).to.equal('request.invalid');
    expect(await codeOf(() => change.execute({ agentId: 'night', policy, ...ADMIN }))).to.equal(
      'request.invalid',
    );
    expect((await change.read()).version).to.equal(0);
  });

  it('loses none of many changes at once', async () => {
    const agents = Array.from({ length: 12 }, (_, number) => `agent-${number}`);
    await Promise.all(
      agents.map((agentId) => change.execute({ agentId, policy: policyIn('block'), ...ADMIN })),
    );
    const book = await change.read();
    expect(Object.keys(book.overrides)).to.have.members(agents);
    expect(book.version).to.equal(agents.length);
  });
});
