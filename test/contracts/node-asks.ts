import { expect } from 'chai';
import type { NodeAsks } from '../../src/application/ports/fleet/node-asks.ts';
import { eventually } from '../support/eventually.ts';

/** Long enough for whatever is to come, in milliseconds. */
const WITHIN_MS = 5_000;

/** The behaviour of every `NodeAsks`. `create` gives those of three nodes, connected. */
export function describeNodeAsks(
  name: string,
  create: () => Promise<readonly [NodeAsks, NodeAsks, NodeAsks]>,
): void {
  describe(`${name} as NodeAsks`, () => {
    let nodes: readonly [NodeAsks, NodeAsks, NodeAsks];
    beforeEach(async () => {
      nodes = await create();
    });

    /** Waits until both other nodes can be asked. */
    const joined = (): Promise<void> =>
      eventually(async () => {
        expect(await nodes[0].ask('there?', { withinMs: 200, expected: 2 })).to.have.length(2);
      });

    it('bring each other node’s answer, with the spaces and letters of both, and not one’s own', async () => {
      nodes.forEach((node, number) => {
        node.answer(async (question) => `${number} heard “${question}”`);
      });
      await joined();
      const answers = await nodes[0].ask('who is ∀ there?', { withinMs: WITHIN_MS, expected: 2 });
      expect(answers).to.have.members(['1 heard “who is ∀ there?”', '2 heard “who is ∀ there?”']);
    });

    it('wait no longer than they may, and bring what has come', async () => {
      nodes[1].answer(async () => 'here');
      const leave = nodes[2].answer(async (question) => (question === 'there?' ? 'here' : undefined));
      await joined();
      expect(await nodes[0].ask('speak', { withinMs: 300, expected: 2 })).to.deep.equal(['here']);
      leave();
      nodes[2].answer(async (question) => {
        if (question !== 'there?') throw new Error('not well');
        return 'here';
      });
      await joined();
      expect(await nodes[0].ask('speak', { withinMs: 300, expected: 2 })).to.deep.equal(['here']);
    });

    it('keep many questions apart', async () => {
      for (const node of nodes) node.answer(async (question) => `re ${question}`);
      await joined();
      const asked = Array.from({ length: 50 }, (_, number) =>
        nodes[0].ask(`q${number}`, { withinMs: WITHIN_MS, expected: 2 }),
      );
      const answers = await Promise.all(asked);
      expect(answers).to.deep.equal(answers.map((_, number) => [`re q${number}`, `re q${number}`]));
    });

    it('bring nothing of who answers no more', async () => {
      nodes[1].answer(async () => 'here');
      const leave = nodes[2].answer(async () => 'gone');
      await joined();
      leave();
      await eventually(async () => {
        expect(await nodes[0].ask('speak', { withinMs: 200 })).to.deep.equal(['here']);
      });
    });
  });
}
