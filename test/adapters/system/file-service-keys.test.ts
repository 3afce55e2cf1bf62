import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { FileServiceKeys } from '../../../src/adapters/outbound/system/file-service-keys.ts';

describe('the service keys of a file', () => {
  let folder: string;
  let path: string;
  const write = (text: string, mode = 0o600): void => writeFileSync(path, text, { mode });
  const open = (): FileServiceKeys => FileServiceKeys.open(path, { create: false });

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-keys-'));
    path = join(folder, 'service-key');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('are made once, with 256 bits, for the owner alone', () => {
    const first = FileServiceKeys.open(path, { create: true });
    const second = FileServiceKeys.open(path, { create: true });
    expect(first.current).to.match(/^[A-Za-z0-9_-]{43}$/);
    expect(second.current).to.equal(first.current);
    expect(statSync(path).mode & 0o777).to.equal(0o600);
    expect(readFileSync(path, 'utf8')).to.equal(`${first.current}\n`);
  });

  it('accept the current key and the one it replaces, and present the current one', () => {
    write(`${'n'.repeat(43)}\n${'o'.repeat(43)}\n`);
    const keys = open();
    expect(keys.current).to.equal('n'.repeat(43));
    expect(keys.accepts('n'.repeat(43))).to.equal(true);
    expect(keys.accepts('o'.repeat(43))).to.equal(true);
  });

  it('accept nothing else', () => {
    write(`${'n'.repeat(43)}\n`);
    for (const wrong of ['', 'n', 'n'.repeat(42), 'n'.repeat(44), 'N'.repeat(43), `${'n'.repeat(43)}\n`]) {
      expect(open().accepts(wrong), JSON.stringify(wrong)).to.equal(false);
    }
  });

  it('refuse a file that others can read', () => {
    write(`${'n'.repeat(43)}\n`);
    chmodSync(path, 0o640);
    expect(open).to.throw('can be read by others');
  });

  it('refuse a missing file when they are not to make it', () => {
    expect(open).to.throw('cannot be read');
  });

  for (const [what, text] of [
    ['no key', '\n'],
    ['a short key', 'abc\n'],
    ['three keys', `${'a'.repeat(43)}\n${'b'.repeat(43)}\n${'c'.repeat(43)}\n`],
  ] as const) {
    it(`refuse a file with ${what}`, () => {
      write(text);
      expect(open).to.throw('must hold 1 to 2 keys');
    });
  }
});
