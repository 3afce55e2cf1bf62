import { expect } from 'chai';
import { Authority } from '../../../../src/adapters/inbound/ws/mux/authority.ts';
import type { MuxSession } from '../../../../src/adapters/inbound/ws/mux/mux-session.ts';
import { SessionWatch } from '../../../../src/adapters/inbound/ws/mux/session-watch.ts';
import { anna } from '../../../support/mux-world.ts';

const YEAR_MS = 365 * 86_400_000;

/** A session whose credential expires then. */
const expiringAt = (expiresAtMs: number): MuxSession =>
  ({ authority: new Authority({ principal: anna(), expiresAtMs }), isOver: false }) as unknown as MuxSession;

describe('what is watched over when nobody was there for ten years', () => {
  it('expires at its time, and what has not stays', () => {
    const watch = new SessionWatch(YEAR_MS, 0);
    const nowMs = 10 * YEAR_MS;
    const [soon, late] = [expiringAt(nowMs + 1_000), expiringAt(nowMs + 9_000)];
    for (const session of [soon, late]) watch.watch(session, nowMs);
    expect(watch.advance(nowMs + 500).expired).to.deep.equal([]);
    expect(watch.advance(nowMs + 1_500).expired).to.deep.equal([soon]);
    expect(watch.advance(nowMs + 10_000).expired).to.deep.equal([late]);
    expect(watch.advance(nowMs + 10_500).expired).to.deep.equal([]);
  });

  it('is looked at in no more time than usual: by sessions, and not by all the quarters of a second since', () => {
    const watch = new SessionWatch(YEAR_MS, 0);
    watch.watch(expiringAt(10 * YEAR_MS), 10 * YEAR_MS - 1);
    const begunMs = performance.now();
    expect(watch.advance(10 * YEAR_MS + 1_000).expired).to.have.length(1);
    // One by one they would be 1,261 million steps, for many seconds.
    expect(performance.now() - begunMs).to.be.lessThan(1_000);
  });
});
