import { expect } from 'chai';
import { MemoryLeases } from '../../../src/adapters/outbound/memory/fleet/memory-leases.ts';
import { CryptoIdSource } from '../../../src/adapters/outbound/system/crypto-id-source.ts';
import { NodeLease, nodeLeaseName } from '../../../src/application/fleet/node-lease.ts';
import type { Leases } from '../../../src/application/ports/fleet/leases.ts';
import { PortError } from '../../../src/application/ports/port-error.ts';
import { expectFault } from '../../support/faults.ts';
import { ManualTimers } from '../../support/manual-timers.ts';
import { RecordingLog } from '../../support/recording-log.ts';
import { RecordingMetrics } from '../../support/recording-metrics.ts';

const LIFE_MS = 3_000;

describe("a node's lease", () => {
  let timers: ManualTimers;
  let leases: MemoryLeases;
  let log: RecordingLog;
  let isAway: boolean;
  let node: NodeLease;
  let stop: AbortController;
  let loop: Promise<void>;
  beforeEach(async () => {
    timers = new ManualTimers();
    leases = new MemoryLeases(timers);
    log = new RecordingLog();
    isAway = false;
    const faulty: Leases = {
      hold: async (...given) => {
        if (isAway) throw new PortError('unavailable', 'store', 'away');
        return leases.hold(...given);
      },
      release: (...given) => leases.release(...given),
      list: (prefix) => leases.list(prefix),
    };
    const metrics = new RecordingMetrics();
    const ids = new CryptoIdSource();
    node = new NodeLease({ leases: faulty, ids, timers, log, metrics, host: 'app', lifeMs: LIFE_MS });
    await node.join();
    stop = new AbortController();
    loop = node.execute({ signal: stop.signal });
  });
  afterEach(async () => {
    stop.abort();
    await loop;
  });

  const held = async () => (await leases.list('node/')).map(({ name, lapsed }) => ({ name, lapsed }));
  const errors = () => log.lines.filter(({ level }) => level === 'error');

  it('is kept for as long as the node runs', async () => {
    await timers.advance(LIFE_MS * 10);
    expect(await held()).to.deep.equal([{ name: nodeLeaseName(node.id), lapsed: false }]);
    expect(errors()).to.deep.equal([]);
  });

  it('is given back when the node leaves, which then has no id', async () => {
    await node.leave();
    expect(await held()).to.deep.equal([]);
    expect(() => node.id).to.throw(PortError);
  });

  it('survives an outage of the store that is longer than its life', async () => {
    const { id } = node;
    isAway = true;
    await timers.advance(LIFE_MS * 4);
    expect(await held()).to.deep.equal([{ name: nodeLeaseName(id), lapsed: true }]);
    isAway = false;
    await timers.advance(LIFE_MS);
    expect(node.id).to.equal(id);
    expect(await held()).to.deep.equal([{ name: nodeLeaseName(id), lapsed: false }]);
    expect(errors()).to.deep.equal([]);
  });

  for (const [way, after] of [
    ['and is held', async () => undefined],
    ['and is free again', (name: string) => leases.release(name, 'other')],
  ] as const) {
    it(`that was taken ${way} fences the node, which says so once and goes on as a new one`, async () => {
      const { id } = node;
      const fenced: string[] = [];
      node.onFenced((gone) => fenced.push(gone));
      isAway = true;
      await timers.advance(LIFE_MS * 2);
      expect(await leases.hold(nodeLeaseName(id), 'other', LIFE_MS * 10)).not.to.equal('taken');
      await after(nodeLeaseName(id));
      isAway = false;
      await timers.advance(LIFE_MS);
      expect(fenced).to.deep.equal([id]);
      expect(errors().map(({ fields }) => fields.node)).to.deep.equal([id]);
      expect(node.id).not.to.equal(id);
      const others = (await held()).filter(({ name }) => name !== nodeLeaseName(id));
      expect(others).to.deep.equal([{ name: nodeLeaseName(node.id), lapsed: false }]);
      const own = (await leases.list('node/')).filter(({ holder }) => holder === id);
      expect(own).to.deep.equal([]);
      await timers.advance(LIFE_MS * 10);
      expect(errors()).to.have.length(1);
    });
  }

  it('gives the node no id between two incarnations', async () => {
    const { id } = node;
    isAway = true;
    await timers.advance(LIFE_MS * 2);
    await leases.hold(nodeLeaseName(id), 'other', LIFE_MS * 10);
    isAway = false;
    const ids: unknown[] = [];
    node.onFenced(() => {
      try {
        ids.push(node.id);
      } catch (error) {
        ids.push(error);
      }
    });
    await timers.advance(LIFE_MS);
    expect(ids).to.have.length(1);
    await expectFault(Promise.reject(ids[0]), 'unavailable');
  });
});
