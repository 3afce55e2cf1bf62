import { expect } from 'chai';
import { AgentClient, DANGEROUS } from '../../support/agent-client.ts';
import { type ApiClient, EventReader } from '../../support/api-client.ts';
import { eventually } from '../../support/eventually.ts';
import { ThreeNodes } from '../../support/three-nodes.ts';

const HITL = { mode: 'hitl', m0: false, m2: false, m3: true, m4: true, failClosedOnClassifierError: false };
/** How long a word may take from node to node where the store has to be looked into, in milliseconds. */
const BY_LOOKING_MS = 8_000;

for (const [how, options] of [
  ['with Redis', {}],
  ['without Redis', { redis: 'none' }],
] as const) {
  describe(`reviewers at the nodes of a fleet ${how}`, function () {
    this.timeout(180_000);
    let fleet: ThreeNodes;
    let reviewers: ApiClient[];
    let key: string;
    before(async () => {
      fleet = await ThreeNodes.start(options);
      await fleet.createUser('ann', 'admin');
      const { token } = await fleet.login('ann');
      reviewers = [0, 1, 2].map((place) => fleet.client(token, place));
      const made = await fleet.command([
        ...['keys', 'create', '--name', 'builder', '--scope', 'control', '--agent', 'builder', '--json'],
      ]);
      key = JSON.parse(made.stdout).key;
      const changed = await reviewers[1]?.send('chat', 'PUT', '/api/settings/policy', JSON.stringify(HITL));
      expect(changed?.status).to.equal(200);
    });
    after(() => fleet?.dispose());

    it('see at every node what an agent at one of them asks, and decide it once', async () => {
      const agent = await AgentClient.connect(fleet.node(0).urls.chat, key);
      agent.logIn('sess-1');
      // The policy that was decided at another node comes with the login, or right after it.
      await agent.next(({ loginAck }) => loginAck?.policy.mode === 2);
      const following = await Promise.all(
        reviewers.map(async ({ urls, token }) => {
          const headers = { authorization: `Bearer ${token}` };
          return new EventReader(await fetch(`${urls.chat}/api/reviews/live`, { headers }));
        }),
      );
      for (const reader of following) await reader.until(({ events }) => events.length > 0);
      agent.event('evt-1', DANGEROUS);
      const id = await eventually(async () => {
        const { reviews } = (await reviewers[2]?.get('chat', '/api/reviews?status=pending'))?.body ?? {};
        expect(reviews).to.have.length(1);
        return reviews[0].id as string;
      });
      const answers = await Promise.all(
        ['approve', 'reject', 'approve'].map((decision, place) =>
          reviewers[place]?.post('chat', `/api/reviews/${id}/${decision}`),
        ),
      );
      expect(answers.map((answer) => answer?.status).sort()).to.deep.equal([200, 409, 409]);
      const decided = answers.find((answer) => answer?.status === 200)?.body;
      expect(decided).to.not.have.property('notice');
      const verdict = await agent.verdict('evt-1');
      expect(verdict.hitl?.continueExecution ?? false).to.equal(decided.status === 'approved');
      const hears = (reader: EventReader): Promise<boolean> =>
        reader.until(({ events }) =>
          events.some(({ type, data }) => type === 'missed' || data.status === decided.status),
        );
      const late = new Promise((resolve) => setTimeout(resolve, BY_LOOKING_MS, 'late').unref());
      expect(await Promise.race([Promise.all(following.map(hears)), late])).to.deep.equal([true, true, true]);
      const records = (await reviewers[0]?.get('chat', '/api/audit?limit=100'))?.body.records ?? [];
      const acts = records.filter(({ act }: { act: string }) => /^review\./.test(act));
      expect(acts.map(({ act }: { act: string }) => act)).to.deep.equal([`review.${decided.status}`]);
      for (const reader of following) await reader.cut();
      await agent.cut();
    });
  });
}
