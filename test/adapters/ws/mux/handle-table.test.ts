import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import fc from 'fast-check';
import { type Handle, hexOf } from '../../../../src/adapters/inbound/ws/mux/frame.ts';
import {
  CLOSED_HANDLE_KEPT_MS,
  type Handled,
  HandleTable,
  MAX_CLOSED_HANDLES,
} from '../../../../src/adapters/inbound/ws/mux/handle-table.ts';
import { T0 } from '../../../support/ledger-builders.ts';

const RANDOM = { secret: (bits: number) => randomBytes(bits / 8).toString('base64url') };
/** Draws these handles one after another. */
const drawing = (...handles: readonly string[]) => {
  const left = [...handles];
  return { secret: () => Buffer.from((left.shift() ?? '').padEnd(32, '0'), 'hex').toString('base64url') };
};

class Session implements Handled {
  high = 0;
  low = 0;
}

/** A session that the table has given a handle. */
function opened(table: HandleTable<Session>): Session {
  const session = new Session();
  table.open(session);
  return session;
}

describe('a table of handles', () => {
  it('finds each session by its whole handle alone', () => {
    const table = new HandleTable<Session>(drawing('0000000100000002'), 9);
    const session = opened(table);
    expect(hexOf(session)).to.equal('0000000100000002');
    expect(table.find({ high: 1, low: 2 })).to.equal(session);
    expect(table.find({ high: 0, low: 2 })).to.equal(undefined);
    expect(table.find({ high: 2, low: 1 })).to.equal(undefined);
    expect([...table.sessions()]).to.deep.equal([session]);
  });

  it('never gives a handle of zeros, nor one whose lower half is in use or was a moment ago', () => {
    const drawn = [
      '0'.repeat(16),
      '0000000100000002',
      '0000000900000002',
      '0000000900000003',
      '0000000700000002',
      '0000000700000004',
    ];
    const table = new HandleTable<Session>(drawing(...drawn), 9);
    const first = opened(table);
    expect(hexOf(first)).to.equal('0000000100000002');
    expect(hexOf(opened(table))).to.equal('0000000900000003');
    table.close(first, T0);
    expect(hexOf(opened(table))).to.equal('0000000700000004');
  });

  it('has so many sessions and no more', () => {
    const table = new HandleTable<Session>(RANDOM, 2);
    const handle = opened(table);
    opened(table);
    expect(table.isFull).to.equal(true);
    expect(() => opened(table)).to.throw('as many sessions');
    table.remove(handle);
    expect(table.isFull).to.equal(false);
  });

  it("remembers for 30 s what the server has closed, or until the client's CLOSE", () => {
    const table = new HandleTable<Session>(RANDOM, 9);
    const [one, two, three] = [opened(table), opened(table), opened(table)];
    table.close(one, T0);
    table.close(two, T0);
    table.remove(three);
    expect(table.find(one)).to.equal(undefined);
    expect(table.isJustClosed(one, T0 + CLOSED_HANDLE_KEPT_MS - 1)).to.equal(true);
    expect(table.isJustClosed(one, T0 + CLOSED_HANDLE_KEPT_MS)).to.equal(false);
    expect(table.isJustClosed({ ...one, high: one.high ^ 1 }, T0)).to.equal(false);
    table.remove(two);
    expect(table.isJustClosed(two, T0)).to.equal(false);
    expect(table.isJustClosed(three, T0), 'its client closed it, and knows').to.equal(false);
  });

  it('remembers a bounded number of closed handles, the last ones', () => {
    const table = new HandleTable<Session>(RANDOM, 9);
    const closed: Handle[] = [];
    for (let number = 0; number < 3 * MAX_CLOSED_HANDLES; number += 1) {
      const handle = opened(table);
      table.close(handle, T0);
      closed.push(handle);
    }
    const known = closed.filter((handle) => table.isJustClosed(handle, T0));
    expect(known).to.deep.equal(closed.slice(-MAX_CLOSED_HANDLES));
    const last = opened(table);
    table.close(last, T0 + CLOSED_HANDLE_KEPT_MS);
    expect(
      closed.some((handle) => table.isJustClosed(handle, T0)),
      'once their time is over',
    ).to.equal(false);
  });

  it('gives a frame to its own session and to no other, in any order of opens and closes', () => {
    const step = fc.record({ do: fc.constantFrom('open', 'close', 'remove'), pick: fc.nat(50) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (walk) => {
        const table = new HandleTable<Session>(RANDOM, 50);
        const open = new Set<Session>();
        const gone: Handle[] = [];
        walk.forEach(({ do: what, pick }) => {
          const session = [...open][pick % Math.max(1, open.size)];
          if (what === 'open' && !table.isFull) open.add(opened(table));
          else if (what !== 'open' && session !== undefined) {
            if (what === 'close') table.close(session, T0);
            else table.remove(session);
            open.delete(session);
            gone.push(session);
          }
          for (const session of open) expect(table.find(session)).to.equal(session);
        });
        for (const handle of gone) expect(table.find(handle)).to.equal(undefined);
        expect(table.size).to.equal(open.size);
      }),
    );
  });
});
