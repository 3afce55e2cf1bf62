import { existsSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect } from 'chai';
import { SqliteStore } from '../../../src/adapters/outbound/sqlite/sqlite-store.ts';
import { DomainError } from '../../../src/domain/domain-error.ts';
import { InvariantViolation } from '../../../src/domain/invariant.ts';
import { expectFault } from '../../support/faults.ts';
import { PROBE_WRITER, type ProbeStore, probeStore } from '../../support/probe-store.ts';

const failureOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('the embedded store', () => {
  let probe: ProbeStore;
  let store: SqliteStore;
  beforeEach(async () => {
    probe = await probeStore();
    store = probe.store;
  });
  afterEach(() => probe.remove());

  const insert = (text: string): Promise<number> => store.write('probe.insert', text, 'normal');

  it('commits what one turn brings together', async () => {
    const writes = Array.from({ length: 100 }, (_, index) => insert(`text ${index}`));
    await writes[0];
    const other = new DatabaseSync(join(probe.dataDir, 'holdfast.db'), { readOnly: true });
    expect(other.prepare('SELECT count(*) AS rows FROM probe').get()).to.deep.include({ rows: 100 });
    other.close();
    expect(await Promise.all(writes)).to.deep.equal(Array.from({ length: 100 }, (_, index) => index + 1));
  });

  it('syncs a transaction to the disk as soon as one of its writes asks for it, and only then', async () => {
    const level = (durability: 'full' | 'normal'): Promise<number> =>
      store.write('probe.synchronous', undefined, durability);
    expect(await level('normal')).to.equal(1);
    expect(await Promise.all([level('normal'), level('full')])).to.deep.equal([2, 2]);
    expect(await level('normal')).to.equal(1);
  });

  it('asks for a late input when the transaction is formed', async () => {
    let text = 'too early';
    const write = store.writeLate('probe.insert', () => text, 'normal');
    text = 'in time';
    await write;
    expect(await probe.texts()).to.deep.equal(['in time']);
  });

  it('rolls back a refused operation alone and throws its refusal again', async () => {
    const [first, refusal, last] = await Promise.all([
      insert('first'),
      failureOf(store.write('probe.insert-then-refuse', 'undone', 'normal')),
      insert('last'),
    ]);
    expect([first, last]).to.deep.equal([1, 2]);
    expect(refusal).to.be.instanceOf(DomainError);
    const { code, message, details } = refusal as DomainError;
    expect({ code, message, details }).to.deep.equal({
      code: 'credit.insufficient',
      message: 'Not enough.',
      details: { retryAfterMs: 5 },
    });
    expect(await probe.texts()).to.deep.equal(['first', 'last']);
  });

  it('calls a broken or unknown operation our mistake, and writes the rest of its transaction', async () => {
    const [broken, unknown] = await Promise.all([
      failureOf(store.write('probe.insert-then-break', 'undone', 'normal')),
      failureOf(store.write('probe.nothing', undefined, 'normal')),
      insert('kept'),
    ]);
    expect(broken).to.be.instanceOf(InvariantViolation);
    expect((broken as Error).message).to.contain('a mistake of ours');
    expect(unknown).to.be.instanceOf(InvariantViolation);
    expect(await probe.texts()).to.deep.equal(['kept']);
  });

  it('calls an input that cannot cross to the writer our mistake, and writes on', async () => {
    const failure = await failureOf(store.write('probe.insert', () => 'no plain data', 'normal'));
    expect(failure).to.be.instanceOf(InvariantViolation);
    await insert('kept');
    expect(await probe.texts()).to.deep.equal(['kept']);
  });

  it('refuses writes beyond its queue, and takes those that fit', async () => {
    const writes = Array.from({ length: 20_001 }, () => failureOf(insert('x')));
    const failures = (await Promise.all(writes)).filter((failure) => failure !== undefined);
    expect(failures).to.have.length(1);
    await expectFault(Promise.reject(failures[0]), 'unavailable');
    expect(await probe.texts()).to.have.length(20_000);
  });

  it('says unavailable when the file refuses to be written', async () => {
    await store.write('probe.refuse-writes', undefined, 'normal');
    const fault = await expectFault(insert('lost'), 'unavailable');
    expect(fault.message).to.contain('read-only');
    expect(await probe.texts()).to.deep.equal([]);
  });

  it('frees its ballast on a full disk for what must be written, and for nothing else', async () => {
    const ballast = join(probe.dataDir, 'ballast');
    await insert('before');
    expect(existsSync(ballast)).to.equal(true);
    const unlessFull = (text: string, need: 'ordinary' | 'essential'): Promise<unknown> =>
      failureOf(store.write('probe.insert-unless-full', { text, ballast }, 'full', need));
    await expectFault(Promise.reject(await unlessFull('ordinary', 'ordinary')), 'unavailable');
    expect(existsSync(ballast)).to.equal(true);
    const [ordinary, essential] = await Promise.all([
      unlessFull('beside', 'ordinary'),
      unlessFull('the end of a stream', 'essential'),
    ]);
    await expectFault(Promise.reject(ordinary), 'unavailable');
    expect(essential).to.equal(undefined);
    await insert('after');
    expect(existsSync(ballast)).to.equal(true);
    expect(await probe.texts()).to.deep.equal(['before', 'the end of a stream', 'after']);
  });

  it('does not know the outcome of a write during which the writer died, and takes no other', async () => {
    await insert('kept');
    const dying = store.write('probe.die', undefined, 'normal');
    await expectFault(dying, 'timeout');
    await expectFault(insert('never'), 'unavailable');
    await expectFault(probe.texts(), 'unavailable');
    expect((await store.lost).message).to.contain('ended');
    const next = await SqliteStore.open(probe.dataDir, PROBE_WRITER);
    const texts = await next.read((db) => db.prepare('SELECT text FROM probe').all());
    expect(texts.map(({ text }) => text)).to.deep.equal(['kept']);
    await next.close();
  });

  it('finishes what was asked for before it closes, and takes nothing afterwards', async () => {
    const writes = Promise.all(Array.from({ length: 50 }, (_, index) => insert(`${index}`)));
    await store.close();
    expect(await writes).to.have.length(50);
    await expectFault(insert('late'), 'unavailable');
    await store.close();
  });

  it('leaves its file whole without the log once it is closed', async () => {
    await insert('kept');
    await store.close();
    rmSync(join(probe.dataDir, 'holdfast.db-wal'), { force: true });
    const next = await SqliteStore.open(probe.dataDir, PROBE_WRITER);
    expect(await next.read((db) => db.prepare('SELECT text FROM probe').all())).to.have.length(1);
    await next.close();
  });

  it('starts its write-ahead log over under steady writes', async function () {
    this.timeout(60_000);
    const rowBytes = 64 * 1024;
    const rows = 6_000;
    for (let row = 0; row < rows; row += 1) await store.write('probe.insert-bytes', rowBytes, 'normal');
    const logBytes = statSync(join(probe.dataDir, 'holdfast.db-wal')).size;
    expect(logBytes).to.be.lessThan(280 * 2 ** 20);
  });
});
