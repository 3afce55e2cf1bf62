import { expect } from 'chai';
import { MemoryAlertLog } from '../../../src/adapters/outbound/memory/alerts/memory-alert-log.ts';
import { CryptoIdSource } from '../../../src/adapters/outbound/system/crypto-id-source.ts';
import { CountNoticed, MAX_WAITING_ALERTS } from '../../../src/application/alerts/count-noticed.ts';
import { ListAlerts } from '../../../src/application/alerts/list-alerts.ts';
import { PortError } from '../../../src/application/ports/port-error.ts';
import type { AlertRaise } from '../../../src/domain/alerts/alert.ts';
import { ALERT_RULES } from '../../../src/domain/alerts/alert-rule.ts';
import { ManualTimers } from '../../support/manual-timers.ts';
import { RecordingLog } from '../../support/recording-log.ts';
import { RecordingMetrics } from '../../support/recording-metrics.ts';
import { owner } from '../../support/subscriber-builders.ts';

/** A log that can be out of reach. */
class AwayableLog extends MemoryAlertLog {
  isAway = false;

  override async raise(raise: AlertRaise) {
    if (this.isAway) throw new PortError('unavailable', 'store', 'it is away');
    return super.raise(raise);
  }
}

function world() {
  const alerts = new AwayableLog();
  const timers = new ManualTimers();
  const [log, metrics] = [new RecordingLog(), new RecordingMetrics()];
  const ids = new CryptoIdSource();
  const deps = { alerts, rules: ALERT_RULES, clock: timers.clock, ids, timers, log, metrics };
  const counted = new CountNoticed(deps);
  const stop = new AbortController();
  const ended = counted.run(stop.signal);
  const notice = (number = 1) =>
    counted.notice({ kind: 'takeover.refused', principal: owner(number), word: 'foreign' });
  const list = async () => (await new ListAlerts({ alerts }).execute({ after: 0, limit: 9 })).alerts;
  return { alerts, timers, log, metrics, stop, ended, notice, list };
}

describe('whoever notices what operators want to know', () => {
  it('stores an alert within a second, counts it once, and says it in the log', async () => {
    const { timers, notice, list, metrics, log } = world();
    notice();
    notice();
    await timers.advance(1_000);
    expect((await list()).map(({ kind, count }) => [kind, count])).to.deep.equal([['takeover.refused', 2]]);
    expect(metrics.of('holdfast_alerts_total').map(({ labels }) => labels)).to.deep.equal([
      { kind: 'takeover.refused' },
    ]);
    expect(JSON.stringify(log.lines)).to.contain('alert: takeover.refused');
  });

  it('keeps what a store out of reach did not take, and stores it later', async () => {
    const { alerts, timers, notice, list } = world();
    alerts.isAway = true;
    notice();
    await timers.advance(5_000);
    notice(2);
    alerts.isAway = false;
    await timers.advance(1_000);
    expect((await list()).map(({ principal }) => principal)).to.deep.equal([owner(1), owner(2)]);
  });

  it('lets no more wait than it may, and says the rest in the log', async () => {
    const { alerts, timers, notice, log } = world();
    alerts.isAway = true;
    for (let number = 0; number <= MAX_WAITING_ALERTS; number += 1) notice(number);
    await timers.advance(1_000);
    expect(log.lines.filter((line) => JSON.stringify(line).includes('alert, not stored'))).to.have.length(1);
  });

  it('stores what is left when it ends', async () => {
    const { timers, notice, list, stop, ended } = world();
    notice();
    await timers.advance(1_000);
    notice();
    stop.abort(new Error('the server stops'));
    await ended;
    expect((await list()).map(({ count }) => count)).to.deep.equal([2]);
  });

  it('gives pages that are read on from where the last one ended', async () => {
    const { alerts, timers, notice } = world();
    for (const number of [1, 2, 3]) notice(number);
    await timers.advance(1_000);
    const list = new ListAlerts({ alerts });
    const first = await list.execute({ after: 0, limit: 2 });
    expect([first.alerts.length, first.hasMore]).to.deep.equal([2, true]);
    const second = await list.execute({ after: first.next, limit: 2 });
    expect([second.alerts.length, second.hasMore]).to.deep.equal([1, false]);
    expect((await list.execute({ after: second.next, limit: 2 })).next).to.equal(second.next);
  });
});
