import { expect } from 'chai';
import { Container } from 'inversify';
import { MemoryLeases } from '../../src/adapters/outbound/memory/fleet/memory-leases.ts';
import { CryptoIdSource } from '../../src/adapters/outbound/system/crypto-id-source.ts';
import { NodeLease } from '../../src/application/fleet/node-lease.ts';
import { loadConfig } from '../../src/main/config.ts';
import { prepareStores } from '../../src/main/first-steps.ts';
import { LIVE_POLICIES } from '../../src/main/tokens/control.ts';
import { THIS_NODE } from '../../src/main/tokens/fleet.ts';
import { RECOVER_STREAMS } from '../../src/main/tokens/streaming.ts';
import { ManualTimers } from '../support/manual-timers.ts';
import { RecordingLog } from '../support/recording-log.ts';
import { RecordingMetrics } from '../support/recording-metrics.ts';

const LIFE_MS = 3_000;

describe('the first steps of a node', () => {
  let timers: ManualTimers;
  let leases: MemoryLeases;
  let log: RecordingLog;
  beforeEach(() => {
    timers = new ManualTimers();
    leases = new MemoryLeases(timers);
    log = new RecordingLog();
  });

  const held = async () => (await leases.list('node/')).map(({ lapsed }) => (lapsed ? 'lapsed' : 'held'));

  /** Prepares chat on a store where what earlier runs have left is ended like this. */
  async function prepare(recover: () => Promise<void>): Promise<() => Promise<void>> {
    const container = new Container();
    const ids = new CryptoIdSource();
    const metrics = new RecordingMetrics();
    const node = new NodeLease({ leases, ids, timers, log, metrics, host: 'app', lifeMs: LIFE_MS });
    container.bind(THIS_NODE).toConstantValue(node);
    container.bind(RECOVER_STREAMS).toConstantValue({ execute: recover } as never);
    container.bind(LIVE_POLICIES).toConstantValue({ load: async () => undefined } as never);
    return prepareStores(container, ['chat'], await loadConfig({ environment: {} }));
  }

  it('keep its lease however long it takes to end what others have left', async () => {
    const leave = await prepare(async () => {
      for (let life = 0; life < 5; life += 1) {
        await timers.advance(LIFE_MS);
        expect(await held()).to.deep.equal(['held']);
      }
    });
    expect(await held()).to.deep.equal(['held']);
    expect(timers.sleeping).to.equal(0);
    expect(log.lines).to.deep.equal([]);
    await leave();
    expect(await held()).to.deep.equal([]);
  });

  it('leave nothing for others to wait for when one of them fails', async () => {
    const failure = new Error('the store is away');
    const outcome = await prepare(async () => {
      throw failure;
    }).catch((error: unknown) => error);
    expect(outcome).to.equal(failure);
    expect(await held()).to.deep.equal([]);
    expect(timers.sleeping).to.equal(0);
  });
});
