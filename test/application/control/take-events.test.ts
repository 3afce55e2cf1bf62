import { expect } from 'chai';
import { DEFAULT_POLICY } from '../../../src/domain/control/control-policy.ts';
import { BLOCK, CLOSED, FAILED, HITL, incoming, kept, source, world } from '../../support/taking-events.ts';

describe("taking agents' events", () => {
  it('keeps what alert mode tells nobody', async () => {
    const { takes, store } = await world(DEFAULT_POLICY);
    const state = kept(await takes.take(source(), incoming('evt-1')));
    expect(state).to.include({ delivery: 'none', rule: 'wipe' });
    expect(await store.find(state.id)).to.deep.equal(state);
  });

  it('makes a verdict due in block mode, and asks a person in the mode that does', async () => {
    const blocking = await world(BLOCK);
    expect(kept(await blocking.takes.take(source(), incoming('evt-1'))).delivery).to.equal('due');
    const asking = await world(HITL);
    const state = kept(await asking.takes.take(source(), incoming('evt-1')));
    expect(state.delivery).to.equal('waiting');
    expect(asking.words).to.deep.include({ kind: 'review', id: state.review?.id });
  });

  it('goes by the policy that holds when it decides, and still answers who was told to wait', async () => {
    for (const [before, meanwhile, delivery] of [
      [DEFAULT_POLICY, BLOCK, 'due'],
      [DEFAULT_POLICY, HITL, 'waiting'],
      [HITL, BLOCK, 'due'],
      [BLOCK, DEFAULT_POLICY, 'due'],
      [HITL, DEFAULT_POLICY, 'waiting'],
    ] as const) {
      const { takes } = await world(before, { policyMeanwhile: meanwhile });
      const state = kept(await takes.take(source(), incoming('evt-1')));
      expect(state.delivery, `${before.mode}, then ${meanwhile.mode}`).to.equal(delivery);
    }
  });

  it('asks nobody about what the editor plug-in asks its own user, whatever the event says of its source', async () => {
    const { takes } = await world(HITL);
    const plugIn = source({ source: 'claude-code' });
    expect(kept(await takes.take(plugIn, incoming('evt-1'))).delivery).to.equal('due');
    const liar = incoming('evt-2', { source: 'claude-code' });
    expect(kept(await takes.take(source(), liar)).delivery).to.equal('waiting');
  });

  it('gives the same bytes the verdict that they got, to the connection that asked last', async () => {
    const { takes } = await world(BLOCK);
    const first = kept(await takes.take(source(), incoming('evt-1')));
    const origin = { node: 'node-2', connection: 'connection-2' };
    const again = kept(await takes.take(source({ origin }), incoming('evt-1')));
    expect(again).to.include({ id: first.id, origin, delivery: 'due' });
    expect(again.verdict).to.deep.equal(first.verdict);
  });

  it('asks one person once about the same bytes', async () => {
    const { takes, store } = await world(HITL);
    const all = await Promise.all(Array.from({ length: 10 }, () => takes.take(source(), incoming('evt-1'))));
    expect(new Set(all.map((taken) => kept(taken).review?.id)).size).to.equal(1);
    const { reviews } = await store.statistics(0);
    expect(reviews.pending).to.equal(1);
  });

  it('classifies other bytes under a known id afresh, and says so in the audit', async () => {
    const { takes, audit, classified } = await world(BLOCK);
    const first = kept(await takes.take(source(), incoming('evt-1')));
    const other = kept(await takes.take(source(), incoming('evt-1', { byte: 2 })));
    expect(other.id).not.to.equal(first.id);
    expect(classified()).to.equal(2);
    expect(audit.records).to.deep.include({
      act: 'event.id_reused',
      outcome: 'refused',
      actor: 'key:key-1',
      object: other.id,
    });
  });

  it("neither answers from nor merges with another owner's event of the same id and bytes", async () => {
    const { takes, audit } = await world(BLOCK);
    const first = kept(await takes.take(source(), incoming('evt-1')));
    const other = kept(await takes.take(source({ owner: 'agent:day' }), incoming('evt-1')));
    expect(other).to.include({ owner: 'agent:day' });
    expect(other.id).not.to.equal(first.id);
    expect(audit.records.map(({ act }) => act)).not.to.include('event.id_reused');
  });

  it('asks the store before a classifier that costs', async () => {
    const { takes, classified } = await world(BLOCK, { isClassifyingDear: true });
    await takes.take(source(), incoming('evt-1'));
    await takes.take(source(), incoming('evt-1'));
    expect(classified()).to.equal(1);
  });

  it('answers no at once where the owner has as many open questions as he may have', async () => {
    const { takes, metrics } = await world(HITL);
    for (const name of ['evt-1', 'evt-2']) await takes.take(source(), incoming(name));
    const { delivery, review, verdict } = kept(await takes.take(source(), incoming('evt-3')));
    expect(delivery).to.equal('due');
    expect(review).to.include({ status: 'rejected', reason: 'too_many_reviews' });
    expect(verdict).to.deep.equal({ code: 'M4.a', status: 'ok', continueExecution: false });
    const other = kept(await takes.take(source({ owner: 'agent:day' }), incoming('evt-4')));
    expect(other.delivery).to.equal('waiting');
    const decided = metrics.of('holdfast_control_reviews_decided_total');
    expect(decided.map(({ labels }) => labels)).to.deep.equal([{ outcome: 'too_many' }]);
  });

  it('goes by what the key is bound to, and lets a client make its outcome only stricter', async () => {
    const overrides = { strict: BLOCK, lax: DEFAULT_POLICY };
    const { takes } = await world(HITL, { overrides });
    const claim = (agentId: string) => takes.take(source(), incoming(`evt-${agentId}`, { agentId }));
    expect(kept(await claim('strict')).delivery).to.equal('due');
    expect(kept(await claim('lax')).delivery).to.equal('waiting');
  });

  it('notes where an event names another session or connection than its login, and keeps it for the login', async () => {
    const { takes, audit, watchman } = await world(BLOCK);
    const state = kept(
      await takes.take(source(), incoming('evt-1', { sessionId: 'sess-2', connectionId: 'c-9' })),
    );
    expect(state.sessionId).to.equal('sess-1');
    expect(audit.records.map(({ act, facts }) => ({ act, facts }))).to.deep.include({
      act: 'event.claims_differ',
      facts: { sessionId: 'sess-2', connectionId: 'c-9' },
    });
    const alert = { kind: 'ids.mismatched', principal: source().owner, word: 'event' };
    expect(watchman.noticed).to.deep.equal([{ ...alert, detail: 'session sess-1' }]);
    await takes.take(source(), incoming('evt-2'));
    expect(watchman.noticed).to.have.length(1);
  });

  it('does as the policy says with what could not be classified', async () => {
    const closed = await world({ ...BLOCK, ...CLOSED }, { finding: FAILED });
    const halted = kept(await closed.takes.take(source(), incoming('evt-1')));
    expect(halted.verdict).to.deep.equal({ code: 'M4', status: 'error', continueExecution: false });
    const open = await world(BLOCK, { finding: FAILED });
    const letGo = kept(await open.takes.take(source(), incoming('evt-1')));
    expect(letGo.verdict).to.deep.equal({ code: '', status: 'error' });
    const asking = await world({ ...HITL, ...CLOSED }, { finding: FAILED });
    const asked = kept(await asking.takes.take(source(), incoming('evt-1')));
    expect(asked.review).to.include({ reason: 'classifier_error', status: 'pending' });
  });
});
