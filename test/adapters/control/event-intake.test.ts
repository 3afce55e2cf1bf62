import { expect } from 'chai';
import {
  EventIntake,
  MAX_BYTES_UNDER_WAY,
  MAX_UNDER_WAY,
} from '../../../src/adapters/inbound/control/event-intake.ts';
import type { EventSource, IncomingEvent } from '../../../src/application/control/event-arrival.ts';
import { OwnerRates } from '../../../src/application/control/owner-rates.ts';
import { OwnerRoom } from '../../../src/application/control/owner-room.ts';
import type { Taken } from '../../../src/application/control/take-events.ts';
import type { AgentEventState, EventClaims } from '../../../src/domain/control/agent-event-state.ts';
import { ManualTimers } from '../../support/manual-timers.ts';
import { RecordingMetrics } from '../../support/recording-metrics.ts';

const SOURCE: EventSource = {
  owner: 'agent:night',
  actor: 'key:key-1' as EventSource['actor'],
  sessionId: 'sess-1',
  connectionId: '',
  source: 'sdk',
  origin: { node: 'node-1', connection: 'connection-1' },
};
const TAKEN: Taken = { kind: 'unkept', verdict: undefined };
const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 40; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

const incoming = (eventId: string, { runId = eventId, bytes = 1, sha256 = eventId } = {}): IncomingEvent => ({
  bytes: new Uint8Array(bytes),
  sha256,
  claims: { eventId, sessionId: '', connectionId: '', runId, agentId: '', source: '', pairType: 'llm' },
  classified: {
    pairType: 'llm',
    profile: undefined,
    agentId: '',
    source: '',
    calls: [],
    messages: [],
    output: '',
  },
});

class World {
  readonly timers = new ManualTimers();
  readonly left: string[] = [];
  /** Events that are being taken, by their ids, until the test says that they are. */
  readonly taking = new Map<string, () => void>();
  /** Since when the time of each event counts. */
  readonly since = new Map<string, number | undefined>();
  readonly room = new OwnerRoom({
    bounds: { events: 1_000, bytes: 100 * MAX_BYTES_UNDER_WAY },
    metrics: new RecordingMetrics(),
  });
  readonly rates = new OwnerRates({
    rate: { tokens: 60, perMs: 60_000, burst: 1_000 },
    clock: this.timers.clock,
    timers: this.timers,
  });
  readonly gone = new AbortController();

  intake(room: Pick<OwnerRoom, 'enter' | 'leave'> = this.room): EventIntake {
    const take = (_source: EventSource, { claims }: IncomingEvent, sinceMs?: number): Promise<Taken> => {
      this.since.set(claims.eventId, sinceMs);
      return new Promise((resolve) => this.taking.set(claims.eventId, () => resolve(TAKEN)));
    };
    const onTaken = (_taken: Taken, claims: EventClaims): void => {
      this.left.push(claims.eventId);
    };
    return new EventIntake({ take: { take }, rates: this.rates, room, clock: this.timers.clock, onTaken });
  }

  accept(intake: EventIntake, ...events: readonly IncomingEvent[]): Promise<number> {
    const reads = events.map((event) => () => event);
    const when = { receivedAtMs: this.timers.clock.nowMs(), gone: this.gone.signal };
    return intake.accept(SOURCE, reads, when);
  }

  async taken(...eventIds: readonly string[]): Promise<void> {
    for (const eventId of eventIds) this.taking.get(eventId)?.();
    await turns();
  }
}

const several = (count: number, facts = {}): IncomingEvent[] =>
  Array.from({ length: count }, (_, at) => incoming(`e-${at}`, facts));

describe('taking the events of one connection', () => {
  let world: World;
  beforeEach(() => {
    world = new World();
  });

  it('takes many at once, and lets those of a run leave in their order', async () => {
    const intake = world.intake();
    const run = { runId: 'run' };
    const all = [incoming('a', run), incoming('b', run), incoming('c')];
    expect(await world.accept(intake, ...all)).to.equal(0);
    expect([...world.taking.keys()]).to.deep.equal(['a', 'b', 'c']);
    await world.taken('b', 'c');
    expect(world.left).to.deep.equal(['c']);
    await world.taken('a');
    expect(world.left).to.deep.equal(['c', 'a', 'b']);
    expect(intake.size).to.equal(0);
  });

  it('begins no more than it may have under way, and the next when one has left', async () => {
    const intake = world.intake();
    const accepted = world.accept(intake, ...several(MAX_UNDER_WAY + 1));
    await turns();
    expect(intake.size).to.equal(MAX_UNDER_WAY);
    expect(world.taking.has(`e-${MAX_UNDER_WAY}`)).to.equal(false);
    await world.taken('e-0');
    expect(await accepted).to.equal(0);
    expect(world.taking.has(`e-${MAX_UNDER_WAY}`)).to.equal(true);
  });

  it('begins none while it has as many bytes as it may, but one that is larger alone', async () => {
    const intake = world.intake();
    const large = incoming('large', { bytes: MAX_BYTES_UNDER_WAY + 1 });
    const accepted = world.accept(intake, large, incoming('small'));
    await turns();
    expect([...world.taking.keys()]).to.deep.equal(['large']);
    await world.taken('large');
    expect(await accepted).to.equal(0);
  });

  it('shares what its owner may have with his other connections', async () => {
    const room = new OwnerRoom({ bounds: { events: 2, bytes: 1_000 }, metrics: new RecordingMetrics() });
    const [one, other] = [world.intake(room), world.intake(room)];
    await world.accept(one, incoming('a'), incoming('b'));
    const accepted = world.accept(other, incoming('c'));
    await turns();
    expect(other.size).to.equal(0);
    await world.taken('a');
    expect(await accepted).to.equal(0);
    expect(other.size).to.equal(1);
    await world.taken('b', 'c');
    expect(room.size).to.equal(0);
  });

  it('waits at the owner’s rate', async () => {
    const intake = world.intake();
    for (let event = 0; event < 1_000; event += 1) void world.rates.admit(SOURCE.owner, world.gone.signal);
    let left: number | undefined;
    void world.accept(intake, incoming('late')).then((count) => {
      left = count;
    });
    await world.timers.advance(999);
    expect([left, intake.size]).to.deep.equal([undefined, 0]);
    await world.timers.advance(1);
    await turns();
    expect([left, intake.size]).to.deep.equal([0, 1]);
  });

  it('lets the time of an event run from its receipt while it waits for room', async () => {
    const intake = world.intake();
    const receivedAtMs = world.timers.clock.nowMs();
    const accepted = world.accept(intake, ...several(MAX_UNDER_WAY + 1));
    await world.timers.advance(5_000);
    await world.taken('e-0');
    expect(await accepted).to.equal(0);
    expect(world.since.get(`e-${MAX_UNDER_WAY}`)).to.equal(receivedAtMs);
  });

  it('lets the time of an event run from when reading goes on that paused at the owner’s rate', async () => {
    const intake = world.intake();
    for (let event = 0; event < 1_000; event += 1) void world.rates.admit(SOURCE.owner, world.gone.signal);
    const accepted = world.accept(intake, incoming('late'));
    const receivedAtMs = world.timers.clock.nowMs();
    await world.timers.advance(5_000);
    await accepted;
    expect(world.since.get('late')).to.equal(receivedAtMs + 1_000);
    const when = { receivedAtMs, gone: world.gone.signal };
    await intake.accept(SOURCE, [() => incoming('behind')], when);
    expect(world.since.get('behind')).to.equal(receivedAtMs + 1_000);
  });

  it('takes what may come in at once of a client that has gone, and says how many it did not', async () => {
    const room = new OwnerRoom({ bounds: { events: 2, bytes: 1_000 }, metrics: new RecordingMetrics() });
    const intake = world.intake(room);
    const accepted = world.accept(intake, ...several(5));
    await turns();
    world.gone.abort(new Error('gone'));
    expect(await accepted).to.equal(3);
    expect(intake.size).to.equal(2);
  });

  it('knows an event by its id and its bytes until each time that it came has been answered', async () => {
    const intake = world.intake();
    const state = (eventId: string, sha256: string) =>
      ({ claims: { eventId }, sha256 }) as unknown as AgentEventState;
    const [first, second] = [incoming('a', { runId: '1' }), incoming('a', { runId: '2' })];
    await world.accept(intake, first);
    const answerFirst = world.taking.get('a');
    await world.accept(intake, second);
    expect(intake.isUnderWay(state('a', 'other bytes'))).to.equal(false);
    answerFirst?.();
    await turns();
    expect(intake.isUnderWay(state('a', 'a'))).to.equal(true);
    await world.taken('a');
    expect(intake.isUnderWay(state('a', 'a'))).to.equal(false);
  });
});
