import { rmSync } from 'node:fs';
import { expect } from 'chai';
import { drainNode } from '../../support/drained-node.ts';
import { temporaryFolder } from '../../support/running-server.ts';

/** `npm run test:drain` drains 20,000. */
const SESSIONS = 300;
/** The longest that the end of the process may take, its grace included, in milliseconds. */
const GONE_WITHIN_MS = 12_000;

describe('a node that is told to stop', function () {
  this.timeout(120_000);
  const folder = temporaryFolder();
  after(() => rmSync(folder, { recursive: true, force: true }));

  it(`lets go of ${SESSIONS} multiplexed sessions in time, each of which goes on at another`, async () => {
    const { tookMs, connections, ...drained } = await drainNode(folder, SESSIONS);
    expect(drained).to.deep.equal({
      sessions: SESSIONS,
      exitCode: 0,
      complaints: [],
      told: connections,
      stillHeld: 0,
      resumed: SESSIONS,
    });
    expect(tookMs).to.be.below(GONE_WITHIN_MS);
  });
});
