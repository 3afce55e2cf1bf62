import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { DataFolderRefused, openReadOnly } from '../../../src/adapters/outbound/sqlite/data-folder.ts';
import { SqliteStore } from '../../../src/adapters/outbound/sqlite/sqlite-store.ts';
import { PROBE_WRITER } from '../../support/probe-store.ts';

const PROGRAM = join(import.meta.dirname, '../../support/programs/write-until-killed.ts');
const modeOf = (path: string): number => statSync(path).mode & 0o777;

describe('the data folder', () => {
  let root: string;
  let dataDir: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'holdfast-folder-'));
    dataDir = join(root, 'deep', 'data');
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const refusalOf = (): Promise<unknown> =>
    SqliteStore.open(dataDir, PROBE_WRITER).then(
      async (store) => store.close(),
      (error: unknown) => error,
    );

  async function startWriting(): Promise<ChildProcess> {
    const child = spawn(process.execPath, [PROGRAM, dataDir], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout as NonNullable<typeof child.stdout>, 'data');
    return child;
  }

  async function kill(child: ChildProcess): Promise<void> {
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  it('is made for its owner alone, and so is every file in it', async () => {
    const store = await SqliteStore.open(dataDir, PROBE_WRITER);
    await store.write('probe.insert', 'x', 'full');
    expect(modeOf(dataDir)).to.equal(0o700);
    const modes = readdirSync(dataDir).map((name) => `${name} ${modeOf(join(dataDir, name)).toString(8)}`);
    expect(modes).to.include.members([
      'holdfast.db 600',
      'holdfast.db-wal 600',
      'lock.db 600',
      'ballast 600',
    ]);
    expect(modes.filter((mode) => !mode.endsWith(' 600'))).to.deep.equal([]);
    await store.close();
  });

  it('takes back what others could read of its files', async () => {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    for (const name of ['holdfast.db', 'notes']) writeFileSync(join(dataDir, name), '', { mode: 0o644 });
    await refusalOf();
    for (const name of readdirSync(dataDir)) expect(modeOf(join(dataDir, name)), name).to.equal(0o600);
  });

  for (const mode of [0o750, 0o701, 0o777]) {
    it(`is refused when others can enter it (mode ${mode.toString(8)})`, async () => {
      mkdirSync(dataDir, { recursive: true });
      chmodSync(dataDir, mode);
      const refusal = await refusalOf();
      expect(refusal).to.be.instanceOf(DataFolderRefused);
      expect((refusal as Error).message).to.contain('chmod 700');
    });
  }

  it('is refused to a second server of this process, and free again after the first', async () => {
    const store = await SqliteStore.open(dataDir, PROBE_WRITER);
    for (const attempt of [1, 2]) {
      const refusal = await refusalOf();
      expect(refusal, `attempt ${attempt}`).to.be.instanceOf(DataFolderRefused);
      expect((refusal as Error).message).to.contain('Another Holdfast server is running');
    }
    await store.write('probe.insert', 'still here', 'full');
    await store.close();
    expect(await refusalOf()).to.equal(undefined);
  });

  it('is refused while another process has it, and free at once when that is killed', async () => {
    const child = await startWriting();
    expect(await refusalOf()).to.be.instanceOf(DataFolderRefused);
    await kill(child);
    const store = await SqliteStore.open(dataDir);
    expect(await store.read((db) => db.prepare('SELECT 1 AS one').get()?.one)).to.equal(1);
    await store.close();
  });

  it('can be looked at beside a running server, without a way to write', async () => {
    const child = await startWriting();
    const db = openReadOnly(dataDir);
    expect(
      db
        .prepare('SELECT state FROM streams')
        .all()
        .map(({ state }) => state),
    ).to.deep.equal(['running']);
    expect(() => db.exec('DELETE FROM streams')).to.throw('readonly');
    db.close();
    await kill(child);
  });

  it('cannot be looked at where there is no store, or where others could', () => {
    expect(() => openReadOnly(dataDir)).to.throw(DataFolderRefused, 'no Holdfast store');
    mkdirSync(dataDir, { recursive: true });
    writeFileSync(join(dataDir, 'holdfast.db'), '');
    chmodSync(dataDir, 0o755);
    expect(() => openReadOnly(dataDir)).to.throw(DataFolderRefused, 'chmod 700');
  });
});
