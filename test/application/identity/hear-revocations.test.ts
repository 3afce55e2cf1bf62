import { expect } from 'chai';
import { MemoryLoginSessionRepository } from '../../../src/adapters/outbound/memory/identity/memory-login-session-repository.ts';
import { MemoryRevocationLog } from '../../../src/adapters/outbound/memory/identity/memory-revocation-log.ts';
import { EndedLogins } from '../../../src/application/identity/ended-logins.ts';
import { HearRevocations, LOOK_INTO_LOG_MS } from '../../../src/application/identity/hear-revocations.ts';
import type { FleetBus, FleetListener } from '../../../src/application/ports/fleet/fleet-bus.ts';
import type { LoginEnd } from '../../../src/application/ports/identity/login-ends.ts';
import type { LoginSessionRepository } from '../../../src/application/ports/identity/login-session-repository.ts';
import type { RevocationLog } from '../../../src/application/ports/identity/revocation-log.ts';
import { PortError } from '../../../src/application/ports/port-error.ts';
import { aSession } from '../../support/identity-builders.ts';
import { T0 } from '../../support/ledger-builders.ts';
import { ManualTimers } from '../../support/manual-timers.ts';
import { RecordingLog } from '../../support/recording-log.ts';

/** A bus between the nodes of a test, which may be lost. */
class Bus implements FleetBus {
  isConnected = true;
  words = 0;
  readonly listeners = new Set<FleetListener>();

  askToStop(): void {
    throw new Error('nothing is stopped here');
  }

  tellMoved(): void {}
  tellControl(): void {}

  tellRevoked(): void {
    this.words += 1;
    if (this.isConnected) for (const listener of this.listeners) listener.onRevoked?.();
  }

  listen(listener: FleetListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}

describe('the ends of logins at other nodes', () => {
  let timers: ManualTimers;
  let bus: Bus;
  let log: MemoryRevocationLog;
  let isAway: boolean;
  let isForgotten: boolean;
  let told: LoginEnd[];
  let own: LoginSessionRepository;
  let others: LoginSessionRepository;
  let lines: RecordingLog;
  let stop: AbortController;
  let loops: Array<Promise<void>>;
  beforeEach(async () => {
    timers = new ManualTimers();
    bus = new Bus();
    log = new MemoryRevocationLog();
    [isAway, isForgotten] = [false, false];
    lines = new RecordingLog();
    stop = new AbortController();
    const stored = new MemoryLoginSessionRepository(log);
    const faulty: RevocationLog = {
      after: async (sequence, limit) => {
        if (isAway) throw new PortError('unavailable', 'store', 'away');
        return isForgotten ? 'lost' : log.after(sequence, limit);
      },
      range: async () => log.range(),
    };
    const nodes = [new EndedLogins(), new EndedLogins()] as const;
    const listening = (ends: EndedLogins): HearRevocations =>
      new HearRevocations({ revocations: faulty, ends, bus, timers, log: lines });
    loops = nodes.map((ends) => listening(ends).execute({ signal: stop.signal }));
    own = nodes[0].ofSessions(stored);
    others = nodes[1].ofSessions(stored);
    for (const number of [1, 2]) await own.begin(aSession(number), `r${number}`);
    await timers.advance(0);
    told = [];
    nodes[0].subscribe((end) => told.push(end));
  });
  afterEach(async () => {
    stop.abort(new Error('the test is over'));
    await Promise.all(loops);
    expect(bus.listeners.size).to.equal(0);
  });

  const one = { loginSessionId: aSession(1).id };

  it('are heard at once by the bus', async () => {
    await others.end(aSession(1).id, T0);
    await timers.advance(0);
    expect(told).to.deep.equal([one]);
  });

  it('are heard within two seconds without it', async () => {
    bus.isConnected = false;
    await others.end(aSession(1).id, T0);
    await timers.advance(0);
    expect(told).to.deep.equal([]);
    await timers.advance(LOOK_INTO_LOG_MS);
    expect(told).to.deep.equal([one]);
  });

  it('are heard once words may have been lost', async () => {
    bus.isConnected = false;
    await others.end(aSession(1).id, T0);
    for (const listener of bus.listeners) listener.onMissed();
    await timers.advance(0);
    expect(told).to.deep.equal([one]);
  });

  it('and its own are told to the others once, and never echo between nodes', async () => {
    await own.end(aSession(1).id, T0);
    expect(told).to.deep.equal([one]);
    await timers.advance(LOOK_INTO_LOG_MS * 3);
    expect(bus.words).to.equal(1);
    expect(told).to.deep.equal([one, one]);
  });

  it('are heard after the store was away, each, which is logged once', async () => {
    isAway = true;
    await others.end(aSession(1).id, T0);
    await others.end(aSession(2).id, T0);
    await timers.advance(LOOK_INTO_LOG_MS * 3);
    expect(told).to.deep.equal([]);
    expect(lines.lines.filter(({ level }) => level === 'warn')).to.have.length(2);
    isAway = false;
    await timers.advance(LOOK_INTO_LOG_MS);
    expect(told).to.deep.equal([one, { loginSessionId: aSession(2).id }]);
  });

  it('are everybody’s when the log has forgotten some', async () => {
    isForgotten = true;
    await others.end(aSession(1).id, T0);
    await timers.advance(0);
    expect(told).to.deep.include({ anybody: true });
    isForgotten = false;
    await others.end(aSession(2).id, T0);
    await timers.advance(0);
    expect(told.at(-1)).to.deep.equal({ loginSessionId: aSession(2).id });
  });
});
