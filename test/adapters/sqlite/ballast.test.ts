import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { Ballast } from '../../../src/adapters/outbound/sqlite/ballast.ts';

const WHOLE_BYTES = 4 * 1024 * 1024;

describe('the ballast', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-ballast-'));
    path = join(folder, 'ballast');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  for (const bytes of [0, WHOLE_BYTES / 2]) {
    it(`is made whole where a crash has left ${bytes} bytes of it`, () => {
      writeFileSync(path, Buffer.alloc(bytes));
      expect(new Ballast(path).ensure()).to.equal(true);
      expect(statSync(path).size).to.equal(WHOLE_BYTES);
    });
  }

  it('stays what it is where it is whole', () => {
    expect(new Ballast(path).ensure()).to.equal(true);
    const { ino, mtimeMs } = statSync(path);
    expect(new Ballast(path).ensure()).to.equal(true);
    expect(statSync(path)).to.deep.include({ ino, mtimeMs });
  });
});
