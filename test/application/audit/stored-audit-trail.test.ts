import { expect } from 'chai';
import { MemoryAuditLog } from '../../../src/adapters/outbound/memory/audit/memory-audit-log.ts';
import { MAX_WAITING_REFUSALS, StoredAuditTrail } from '../../../src/application/audit/stored-audit-trail.ts';
import type { AuditLog } from '../../../src/application/ports/audit-log.ts';
import { PortError } from '../../../src/application/ports/port-error.ts';
import { headText } from '../../../src/domain/audit/audit-chain.ts';
import { type AuditRecord, auditRecordFrom } from '../../../src/domain/audit/audit-record.ts';
import { expectFault } from '../../support/faults.ts';
import { ManualTimers } from '../../support/manual-timers.ts';
import { RecordingLog } from '../../support/recording-log.ts';
import { RecordingMetrics } from '../../support/recording-metrics.ts';

const ACT: AuditRecord = { act: 'stream.observe', outcome: 'done', actor: 'system', object: 'chat-1' };
const refusal = (number: number): AuditRecord => ({
  act: 'login.begun',
  outcome: 'refused',
  actor: `address:${number}`,
});

describe('the audit trail', () => {
  let timers: ManualTimers;
  let memory: MemoryAuditLog;
  let log: RecordingLog;
  let metrics: RecordingMetrics;
  let away: boolean;
  let writes: number;
  let trail: StoredAuditTrail;

  beforeEach(() => {
    timers = new ManualTimers();
    memory = new MemoryAuditLog(() => timers.clock.nowMs());
    log = new RecordingLog();
    metrics = new RecordingMetrics();
    away = false;
    writes = 0;
    const unlessAway = <Out>(write: () => Promise<Out>): Promise<Out> => {
      writes += 1;
      return away ? Promise.reject(new PortError('unavailable', 'store', 'away')) : write();
    };
    const store: AuditLog = {
      read: (query) => memory.read(query),
      heads: (limit) => memory.heads(limit),
      append: (records) => unlessAway(() => memory.append(records)),
      anchor: () => unlessAway(() => memory.anchor()),
      subscribe: (listener) => memory.subscribe(listener),
    };
    trail = new StoredAuditTrail({ store, log, metrics, timers, clock: timers.clock });
  });

  const stored = async (): Promise<AuditRecord[]> =>
    (await memory.read({ afterCursor: 0, limit: 10_000 })).slice(1).map(({ text }) => auditRecordFrom(text));

  it('has stored an act when it says so, and says it in the log', async () => {
    await trail.act({ ...ACT, requestId: 'r1' });
    expect(await stored()).to.deep.equal([{ ...ACT, requestId: 'r1' }]);
    expect(log.lines.at(-1)).to.deep.equal({
      level: 'info',
      fields: { requestId: 'r1', audit: { ...ACT, seq: 2 } },
      message: 'audit: stream.observe',
    });
  });

  it('lets no act be done whose record cannot be stored', async () => {
    away = true;
    await expectFault(trail.act(ACT), 'unavailable');
    expect(await stored()).to.deep.equal([]);
  });

  it('stores refusals together a moment later', async () => {
    for (let number = 0; number < 40; number += 1) trail.refuse(refusal(number));
    expect(writes).to.equal(0);
    await timers.advance(250);
    expect(writes).to.equal(1);
    expect(await stored()).to.have.length(40);
    expect(timers.sleeping).to.equal(0);
  });

  it('counts what one actor is refused beyond ten times a minute, and stores the count when it is over', async () => {
    const stop = new AbortController();
    const running = trail.run(stop.signal);
    for (let number = 0; number < 5_000; number += 1) trail.refuse(refusal(7));
    await timers.advance(60_000);
    await timers.advance(1_000);
    const records = await stored();
    expect(records).to.have.length(11);
    expect(records.at(-1)).to.deep.include({ act: 'audit.refusals_counted', actor: 'address:7' });
    expect(records.at(-1)?.facts?.count).to.equal(4_990);
    stop.abort(new Error('enough'));
    await running;
  });

  it('keeps refusals while the store is away, tells it once, and stores them when it is back', async () => {
    away = true;
    trail.refuse(refusal(1));
    await timers.advance(5_000);
    trail.refuse(refusal(2));
    expect(await stored()).to.deep.equal([]);
    expect(log.lines.filter(({ level }) => level === 'warn')).to.have.length(1);
    expect(metrics.of('holdfast_audit_writes_failed_total')).to.have.length.greaterThan(1);
    away = false;
    await timers.advance(1_000);
    expect((await stored()).map(({ actor }) => actor)).to.deep.equal(['address:1', 'address:2']);
    expect(metrics.of('holdfast_audit_refusals_lost_total')).to.deep.equal([]);
  });

  it('keeps no more than a bound, and tells in log and metrics what it lets go', async () => {
    away = true;
    for (let minute = 0; minute < 10; minute += 1) {
      for (let number = 0; number < 900; number += 1) trail.refuse(refusal(number));
      await timers.advance(60_000);
    }
    const lost = metrics.of('holdfast_audit_refusals_lost_total').reduce((sum, { value }) => sum + value, 0);
    expect(lost).to.equal(9_000 - MAX_WAITING_REFUSALS);
    const told = log.lines.filter(({ message }) => message === 'audit, not stored: login.begun');
    expect(told).to.have.length(lost);
    expect(told[0]?.fields.audit).to.deep.equal(refusal(500));
    away = false;
    await timers.advance(60_000);
    expect(await stored()).to.have.length(MAX_WAITING_REFUSALS);
  });

  it('says in store, log and metrics where the chain stands, at once, every minute, and at the end', async () => {
    const stop = new AbortController();
    const running = trail.run(stop.signal);
    await timers.advance(0);
    await trail.act(ACT);
    await timers.advance(60_000);
    const heads = log.lines
      .filter(({ message }) => message === 'audit head')
      .map(({ fields }) => fields.head);
    expect(heads).to.have.length(2);
    const [now] = await memory.heads(1);
    expect(heads[1]).to.equal(now && headText(now));
    expect(metrics.of('holdfast_audit_head').at(-1)?.labels).to.deep.equal({ head: heads[1] });
    expect(metrics.of('holdfast_audit_chain_records').at(-1)?.value).to.equal(2);
    stop.abort(new Error('the end'));
    await running;
    trail.refuse(refusal(1));
    await trail.finish();
    expect(await stored()).to.have.length(2);
    expect(metrics.of('holdfast_audit_chain_records').at(-1)?.value).to.equal(3);
  });

  it('begins no chain for a program that recorded nothing', async () => {
    await trail.finish();
    expect(await memory.read({ afterCursor: 0, limit: 1 })).to.deep.equal([]);
  });

  it('tells at the end in the log what could not be stored', async () => {
    away = true;
    for (let number = 0; number < 12; number += 1) trail.refuse(refusal(1));
    await trail.finish();
    const told = log.lines.filter(({ message }) => message.startsWith('audit, not stored'));
    expect(told).to.have.length(11);
    expect(told.at(-1)?.fields.audit).to.deep.include({ act: 'audit.refusals_counted' });
  });
});
