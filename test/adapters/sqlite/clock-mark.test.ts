import { expect } from 'chai';
import { keepClockMark, readClockMark } from '../../../src/adapters/outbound/sqlite/clock-mark.ts';
import { SqliteSigningKeyRepository } from '../../../src/adapters/outbound/sqlite/identity/sqlite-signing-key-repository.ts';
import { SqliteStore } from '../../../src/adapters/outbound/sqlite/sqlite-store.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { type TemporaryStore, temporaryStore } from '../../support/temporary-store.ts';

describe("the store's mark of time", () => {
  let temporary: TemporaryStore;
  beforeEach(async () => {
    temporary = await temporaryStore();
  });
  afterEach(() => temporary.remove());

  const writeSomething = async (kid: string): Promise<void> => {
    const keys = new SqliteSigningKeyRepository(temporary.store);
    await keys.addFirst({ kid, algorithm: 'EdDSA', privateJwk: '{}', createdAtMs: 1 });
  };

  it('is none before anything was written', async () => {
    keepClockMark(temporary.store, new ManualClock());
    expect(await readClockMark(temporary.store)).to.equal(0);
  });

  it('is the time of the newest write', async () => {
    const clock = new ManualClock(5_000);
    keepClockMark(temporary.store, clock);
    await writeSomething('a');
    expect(await readClockMark(temporary.store)).to.equal(5_000);
    clock.advance(7);
    await writeSomething('b');
    expect(await readClockMark(temporary.store)).to.equal(5_007);
  });

  it('never goes back, whatever clock writes next', async () => {
    keepClockMark(temporary.store, new ManualClock(5_000));
    await writeSomething('a');
    keepClockMark(temporary.store, new ManualClock(4_000));
    await writeSomething('b');
    expect(await readClockMark(temporary.store)).to.equal(5_000);
  });

  it('is there for the next run', async () => {
    keepClockMark(temporary.store, new ManualClock(5_000));
    await writeSomething('a');
    await temporary.store.close();
    const next = await SqliteStore.open(temporary.dataDir);
    try {
      expect(await readClockMark(next)).to.equal(5_000);
    } finally {
      await next.close();
    }
  });
});
