import { rmSync } from 'node:fs';
import { expect } from 'chai';
import { huntCuts } from '../../support/cut-hunt.ts';
import { type CutNodes, startCutNodes } from '../../support/cut-nodes.ts';
import { temporaryFolder } from '../../support/running-server.ts';

/** `npm run test:cuts` makes 10,000. */
const CUTS = 100;
const READERS = 8;

describe('sessions whose connections are cut at random frames', function () {
  this.timeout(120_000);
  const folder = temporaryFolder();
  let nodes: CutNodes;

  before(async () => {
    nodes = await startCutNodes(folder);
  });
  after(async () => {
    await nodes.dispose();
    rmSync(folder, { recursive: true, force: true });
  });

  it('lose nothing and get nothing twice, on whichever node they come back', async () => {
    const { urls, user } = nodes;
    const tally = await huntCuts({ urls, user, seed: 1, cuts: CUTS }, READERS);
    expect(tally).to.include({ cuts: CUTS, lost: 0, twice: 0, wrongTexts: 0, notRecovered: 0 });
    expect(tally.events).to.be.greaterThan(CUTS);
    expect(tally.streams).to.be.greaterThan(0);
  });
});
