import { expect } from 'chai';
import { churn } from '../../../support/churn.ts';

/** `npm run test:churn` opens a million. */
const SESSIONS = 5_000;
/** A session that left 200 bytes behind would be seen. */
const MOST_BYTES = 1_000_000;

describe('multiplexed sessions that are opened and closed', function () {
  this.timeout(60_000);

  it('leave nothing behind on the heap, however they end', async () => {
    const { opened, grownBytes } = await churn(SESSIONS);
    expect(opened).to.be.at.least(SESSIONS);
    expect(grownBytes).to.be.lessThan(MOST_BYTES);
  });
});
