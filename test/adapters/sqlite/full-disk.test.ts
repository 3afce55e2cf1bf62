import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect } from 'chai';

const PROGRAM = join(import.meta.dirname, '../../support/programs/fill-disk.ts');
/** What a file may grow to, in blocks of 512 bytes: room for the ballast and for some rows of 256 KiB. */
const FILE_BLOCKS = 32_768;

interface Report {
  readonly acknowledged: number;
  readonly refused: string;
  readonly essential: string;
  readonly afterwards: string;
  readonly withRoom?: string;
  readonly rows: number;
}

/** A disk of 40 MiB of which 16 (more than the ballast asks for) are a file that can go, in a mount namespace that ends with the program. */
const ON_A_SMALL_DISK = `mount -t tmpfs -o size=40m,mode=700 tmpfs "$2" && head -c 16777216 /dev/zero > "$2/filler" &&
  exec "$0" "$1" "$2/data" "$2/filler"`;

function run(command: string, ...args: string[]): Report {
  const { stdout, stderr, status } = spawnSync(command, args, { encoding: 'utf8' });
  expect(status, stderr).to.equal(0);
  return JSON.parse(stdout) as Report;
}

describe('a full disk', function () {
  this.timeout(60_000);
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'holdfast-full-'));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  it('makes the store unavailable when a file cannot grow, and loses nothing that was acknowledged', () => {
    const dataDir = join(root, 'data');
    const script = `ulimit -f ${FILE_BLOCKS} && exec "$0" "$1" "$2"`;
    const report = run('sh', '-c', script, process.execPath, PROGRAM, dataDir);
    expect(report.refused).to.equal('unavailable');
    expect(report.acknowledged).to.be.greaterThan(10);
    expect(report.rows).to.equal(report.acknowledged);
    const db = new DatabaseSync(join(dataDir, 'holdfast.db'));
    expect(db.prepare('PRAGMA integrity_check').get()).to.deep.include({ integrity_check: 'ok' });
    const stored = db.prepare('SELECT count(*) AS rows FROM probe WHERE length(text) > 1000').get();
    expect(stored).to.deep.include({ rows: report.acknowledged });
    db.close();
  });

  const probe = mkdtempSync(join(tmpdir(), 'holdfast-mount-'));
  const mounts = spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', probe]).status === 0;
  rmSync(probe, { recursive: true, force: true });

  if (mounts) {
    it('takes the ends of streams from the ballast, and everything again once there is room', () => {
      const disk = join(root, 'disk');
      mkdirSync(disk);
      const report = run('unshare', '-m', 'sh', '-c', ON_A_SMALL_DISK, process.execPath, PROGRAM, disk);
      expect(report.acknowledged).to.be.greaterThan(10);
      expect(report).to.deep.include({
        refused: 'unavailable',
        essential: 'written',
        afterwards: 'unavailable',
        withRoom: 'written',
        rows: report.acknowledged + 1,
      });
    });
  }
});
