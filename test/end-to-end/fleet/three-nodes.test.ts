import { expect } from 'chai';
import { ThreeNodes } from '../../support/three-nodes.ts';

describe('three nodes behind a balancer that knows no affinity', function () {
  this.timeout(120_000);
  let fleet: ThreeNodes;

  before(async () => {
    fleet = await ThreeNodes.start({ flags: ['--model-pace', '200'] });
    await fleet.createUser('ann');
    await fleet.createUser('root', 'admin');
  });
  after(() => fleet.dispose());

  it('make one first admin together, whose password one of them tells', () => {
    const telling = fleet.nodes.filter(({ output }) => /The first account\./.test(output));
    expect(telling).to.have.length(1);
  });

  it('hold no affinity: who logs in by one is known to all', async () => {
    const { token } = await fleet.login('ann');
    for (const place of fleet.nodes.keys()) {
      expect((await fleet.client(token, place).get('auth', '/api/profile')).status).to.equal(200);
    }
  });
});
