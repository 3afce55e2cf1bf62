import { expect } from 'chai';
import {
  MAX_ACTORS_A_MINUTE,
  MAX_RECORDED_A_MINUTE,
  RefusalCounter,
} from '../../../src/application/audit/refusal-counter.ts';
import type { AuditRecord } from '../../../src/domain/audit/audit-record.ts';

const MINUTE_MS = 60_000;

const refusal = (address: string, act = 'login.begun'): AuditRecord => ({
  act,
  outcome: 'refused',
  actor: `address:${address}`,
});

/** How many of so many refusals are recorded one by one. */
function admitted(counter: RefusalCounter, record: AuditRecord, times: number): number {
  return Array.from({ length: times }, () => counter.admits(record)).filter(Boolean).length;
}

describe('refusals of one actor', () => {
  it('are recorded ten times a minute, and the others become one record that counts them', () => {
    const counter = new RefusalCounter();
    expect(counter.due(5 * MINUTE_MS)).to.deep.equal([]);
    expect(admitted(counter, refusal('1.2.3.4'), 15)).to.equal(MAX_RECORDED_A_MINUTE);
    expect(admitted(counter, refusal('1.2.3.4', 'stream.id_refused'), 5)).to.equal(0);
    expect(admitted(counter, refusal('5.6.7.8'), 3)).to.equal(3);
    expect(counter.due(5 * MINUTE_MS + 59_999)).to.deep.equal([]);
    expect(counter.due(6 * MINUTE_MS)).to.deep.equal([
      {
        act: 'audit.refusals_counted',
        outcome: 'refused',
        actor: 'address:1.2.3.4',
        facts: { count: 10, acts: 'login.begun, stream.id_refused', sinceMs: 5 * MINUTE_MS },
      },
    ]);
    expect(counter.due(7 * MINUTE_MS)).to.deep.equal([]);
  });

  it('begin anew with the next minute', () => {
    const counter = new RefusalCounter();
    expect(admitted(counter, refusal('1.2.3.4'), 12)).to.equal(MAX_RECORDED_A_MINUTE);
    expect(counter.due(MINUTE_MS)).to.have.length(1);
    expect(admitted(counter, refusal('1.2.3.4'), 12)).to.equal(MAX_RECORDED_A_MINUTE);
  });

  it('are bounded for all actors together: beyond a thousand, the rest counts as one', () => {
    const counter = new RefusalCounter();
    let recorded = 0;
    for (let number = 0; number < 3 * MAX_ACTORS_A_MINUTE; number += 1) {
      recorded += admitted(counter, refusal(`2001:db8:${number}::/64`), 1);
    }
    expect(recorded).to.equal(MAX_ACTORS_A_MINUTE + MAX_RECORDED_A_MINUTE);
    const [counted, ...more] = counter.due(MINUTE_MS);
    expect(more).to.deep.equal([]);
    expect(counted).not.to.have.property('actor');
    expect(counted?.facts?.count).to.equal(2 * MAX_ACTORS_A_MINUTE - MAX_RECORDED_A_MINUTE);
  });

  it('of nobody are counted together', () => {
    const counter = new RefusalCounter();
    const nobody: AuditRecord = { act: 'login.begun', outcome: 'refused' };
    expect(admitted(counter, nobody, 25)).to.equal(MAX_RECORDED_A_MINUTE);
    expect(counter.close().map(({ facts }) => facts?.count)).to.deep.equal([15]);
  });
});
