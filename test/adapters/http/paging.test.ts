import { expect } from 'chai';
import { logCursor, pageNumber, rowLimit } from '../../../src/adapters/inbound/http/routes/paging.ts';

describe('a page that is asked for', () => {
  it('has as many rows as is said, else as the list has it, and at most 100 or what the list allows', () => {
    const limit = rowLimit(20);
    expect(limit.parse(undefined)).to.equal(20);
    expect(limit.parse('100')).to.equal(100);
    for (const text of ['0', '101', '1.5', 'all', ''])
      expect(limit.safeParse(text).success, text).to.equal(false);
    expect(rowLimit(20, 50).safeParse('51').success).to.equal(false);
  });

  it('is counted from 1, and no higher than its offset is exact', () => {
    expect(pageNumber.parse(undefined)).to.equal(1);
    expect(pageNumber.parse('1000000')).to.equal(1_000_000);
    for (const text of ['0', '1000001', 'last'])
      expect(pageNumber.safeParse(text).success, text).to.equal(false);
  });

  it('of a log begins at its beginning, or behind any cursor that a log can have', () => {
    const cursor = logCursor('nextCursor');
    expect(cursor.parse(undefined)).to.equal(0);
    expect(cursor.parse(String(Number.MAX_SAFE_INTEGER))).to.equal(Number.MAX_SAFE_INTEGER);
    for (const text of ['-1', '0.5', '9007199254740992', 'end'])
      expect(cursor.safeParse(text).success, text).to.equal(false);
  });
});
