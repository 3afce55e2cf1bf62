import { expect } from 'chai';
import { CryptoIdSource } from '../../../src/adapters/outbound/system/crypto-id-source.ts';
import { NodeDigest } from '../../../src/adapters/outbound/system/node-digest.ts';
import { PinoLog } from '../../../src/adapters/outbound/system/pino-log.ts';
import { PromMetrics } from '../../../src/adapters/outbound/system/prom-metrics.ts';
import { ReadableLogSink } from '../../../src/adapters/outbound/system/readable-log-sink.ts';
import { SystemClock } from '../../../src/adapters/outbound/system/system-clock.ts';
import { SystemTimers } from '../../../src/adapters/outbound/system/system-timers.ts';
import { describeClock } from '../../contracts/clock.ts';
import { describeIdSource } from '../../contracts/id-source.ts';
import { ManualClock } from '../../support/manual-clock.ts';

/** Asks the clock until it goes on; it does so by itself. */
const untilItGoesOn = (clock: SystemClock) => (): void => {
  const before = clock.nowMs();
  while (clock.nowMs() === before);
};

describeClock("the system's", () => {
  const clock = new SystemClock();
  return { clock, elapse: untilItGoesOn(clock) };
});
describeClock("ahead of the system's", () => {
  const clock = new SystemClock(Date.now() + 60_000);
  return { clock, elapse: untilItGoesOn(clock) };
});
describeClock("a test's", () => {
  const clock = new ManualClock();
  return { clock, elapse: () => clock.advance(1) };
});

describe('the system clock', () => {
  it('begins no earlier than the latest time that an earlier run has read', () => {
    const future = Date.now() + 60_000;
    expect(new SystemClock(future).nowMs()).to.be.within(future, future + 1_000);
  });

  it('goes on at half speed while it is ahead of the system', () => {
    const clock = new SystemClock(Date.now() + 60_000);
    const startedAt = performance.now();
    const first = clock.nowMs();
    let last = first;
    while (last - first < 5) {
      const next = clock.nowMs();
      expect(next).to.be.at.least(last);
      last = next;
    }
    expect(performance.now() - startedAt).to.be.at.least(8);
  });

  it('follows the system otherwise', () => {
    const before = Date.now();
    expect(new SystemClock().nowMs()).to.be.within(before, Date.now());
  });
});

describe('the system timers', () => {
  it('reject with the reason of a signal that aborts the sleep', async () => {
    const stop = new AbortController();
    const reason = new Error('enough');
    const sleeping = new SystemTimers().sleep(3_600_000, stop.signal).catch((error: unknown) => error);
    stop.abort(reason);
    expect(await sleeping).to.equal(reason);
  });

  it('reject at once when the signal has aborted before', async () => {
    const reason = new Error('too late');
    const outcome = await new SystemTimers()
      .sleep(3_600_000, AbortSignal.abort(reason))
      .catch((error) => error);
    expect(outcome).to.equal(reason);
  });

  it('wake after a delay that is no delay', async () => {
    await new SystemTimers().sleep(-1, new AbortController().signal);
  });
});

describeIdSource('of the operating system', () => new CryptoIdSource());

describe('the digest', () => {
  it('is SHA-256 of the UTF-8 form (FIPS 180-2, appendix B.1)', () => {
    expect(new NodeDigest().sha256Hex('abc')).to.equal(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    );
  });

  it('knows a text by its digest, and no other digest or what is none', () => {
    const digest = new NodeDigest();
    const kept = digest.sha256Hex('abc');
    expect(digest.matches('abc', kept)).to.equal(true);
    expect(digest.matches('abd', kept)).to.equal(false);
    expect(digest.matches('abc', kept.slice(2))).to.equal(false);
    expect(digest.matches('abc', '')).to.equal(false);
    expect(digest.matches('abc', 'abc')).to.equal(false);
  });
});

describe('the log', () => {
  const written = (level: 'debug' | 'info'): { log: PinoLog; lines: string[] } => {
    const lines: string[] = [];
    return {
      log: new PinoLog({ level, service: 'chat', sink: { write: (line) => lines.push(line) } }),
      lines,
    };
  };

  it('writes one JSON object a line with level, service and facts', () => {
    const { log, lines } = written('info');
    log.info({ requestId: 'r1' }, 'hello');
    expect(JSON.parse(lines[0] ?? '')).to.include({
      level: 'info',
      service: 'chat',
      requestId: 'r1',
      msg: 'hello',
    });
  });

  it('leaves out what is below its level', () => {
    const { log, lines } = written('info');
    log.debug({}, 'too fine');
    expect(lines).to.deep.equal([]);
  });

  it('censors fields that hold secrets', () => {
    const { log, lines } = written('info');
    log.info({ password: 'p1', body: { refreshToken: 't1', key: 'k1' }, apiKey: 'a1', ticket: 'q1' }, 'oops');
    expect(lines.join('')).to.not.match(/p1|t1|k1|a1|q1/);
  });

  it('tells the causes of an error', () => {
    const { log, lines } = written('info');
    log.error({ err: new Error('outer', { cause: new Error('inner') }) }, 'failed');
    expect(lines.join('')).to.contain('inner');
  });

  it('speaks in sentences to a terminal and escapes what could redraw it', () => {
    const shown: string[] = [];
    const sink = new ReadableLogSink((line) => shown.push(line));
    const log = new PinoLog({ level: 'info', service: 'chat', sink });
    log.warn({ name: 'a\u001b[2Jb\u202ec' }, 'odd name');
    expect(shown).to.deep.equal(['warn  odd name name=a\\u{1b}[2Jb\\u{202e}c\n']);
  });

  it('tells the facts inside a fact, and nothing that the sentence has said', () => {
    const shown: string[] = [];
    const sink = new ReadableLogSink((line) => shown.push(line));
    const log = new PinoLog({ level: 'info', service: 'chat', sink });
    const audit = { act: 'user.created', outcome: 'done', facts: { role: 'user', logins: 2 }, scopes: ['a'] };
    log.info({ audit }, 'audit: user.created');
    expect(shown).to.deep.equal(['info  audit: user.created outcome=done role=user logins=2 scopes=["a"]\n']);
  });
});

describe('the metrics', () => {
  it('tell counters, gauges and durations in the text format', async () => {
    const metrics = new PromMetrics({ processMetrics: false });
    metrics.count('holdfast_things_total', { kind: 'a' });
    metrics.count('holdfast_things_total', { kind: 'a' }, 2);
    metrics.gauge('holdfast_open', 7);
    metrics.observeSeconds('holdfast_wait_seconds', 0.01);
    const text = await metrics.text();
    expect(text).to.contain('holdfast_things_total{kind="a"} 3');
    expect(text).to.contain('holdfast_open 7');
    expect(text).to.contain('holdfast_wait_seconds_bucket{le="0.02"} 1');
  });

  it('say what was said last under a name, and nothing of before', async () => {
    const metrics = new PromMetrics({ processMetrics: false });
    metrics.info('holdfast_head', { head: 'a.1' });
    metrics.info('holdfast_head', { head: 'a.2' });
    const text = await metrics.text();
    expect(text).to.contain('holdfast_head{head="a.2"} 1');
    expect(text).not.to.contain('a.1');
  });

  it('lose a sample whose labels do not fit and never throw', async () => {
    const metrics = new PromMetrics({ processMetrics: false });
    metrics.count('holdfast_things_total', { kind: 'a' });
    metrics.count('holdfast_things_total', { other: 'b' });
    metrics.count('not a metric name');
    const text = await metrics.text();
    expect(text).to.contain('kind="a"');
    expect(text).to.not.contain('other="b"');
  });
});
