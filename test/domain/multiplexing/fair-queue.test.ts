import { expect } from 'chai';
import fc from 'fast-check';
import { InvariantViolation } from '../../../src/domain/invariant.ts';
import { FairQueue, Flow, QUANTUM_BYTES } from '../../../src/domain/multiplexing/fair-queue.ts';

/** The largest cost of one frame in these tests. */
const MAX_COST = 65_536 + 64;

/** Flows with a queue of costs each, as sessions have queues of frames. */
class Line {
  readonly queue = new FairQueue<Line>();
  readonly flows: Flow<Line>[] = [];
  readonly backlogs = new Map<Flow<Line>, number[]>();
  readonly sent = new Map<Flow<Line>, number>();

  open(weight: number, costs: readonly number[] = []): Flow<Line> {
    const flow = new Flow<Line>(this, weight);
    this.flows.push(flow);
    this.backlogs.set(flow, []);
    this.sent.set(flow, 0);
    this.put(flow, costs);
    return flow;
  }

  put(flow: Flow<Line>, costs: readonly number[]): void {
    for (const cost of costs) this.backlogs.get(flow)?.push(cost);
    if (costs.length > 0) this.queue.add(flow);
  }

  /** Sends one frame; what it was. */
  send(): { readonly flow: Flow<Line>; readonly cost: number } | undefined {
    const flow = this.queue.peek();
    if (flow === undefined) return undefined;
    const backlog = this.backlogs.get(flow) ?? [];
    const cost = backlog.shift();
    if (cost === undefined) throw new Error('a flow without frames waited');
    this.queue.served(flow, cost, backlog.length > 0);
    this.sent.set(flow, (this.sent.get(flow) ?? 0) + cost);
    return { flow, cost };
  }

  sentBy(flow: Flow<Line>): number {
    return this.sent.get(flow) ?? 0;
  }
}

/** Most bytes that another flow may send between two turns of one that is backlogged, by the promise of the queue. */
function bound(waiting: Flow<Line>, other: Flow<Line>): number {
  const rounds = Math.floor(MAX_COST / waiting.quantum) + 1;
  return (rounds + 1) * other.quantum + MAX_COST;
}

const cost = fc.oneof(fc.integer({ min: 64, max: 300 }), fc.integer({ min: 64, max: MAX_COST }));
const weight = fc.oneof(fc.constant(10), fc.integer({ min: 1, max: 100 }));

describe('a fair queue', () => {
  it('starves nobody: between two turns of a backlogged flow no other sends more than the promised bound', () => {
    const step = fc.record({
      put: fc.array(fc.record({ flow: fc.nat(11), cost }), { maxLength: 5 }),
      pause: fc.option(fc.nat(11), { freq: 9 }),
      sends: fc.nat(6),
    });
    fc.assert(
      fc.property(
        fc.array(weight, { minLength: 2, maxLength: 12 }),
        fc.array(step, { maxLength: 120 }),
        check,
      ),
      { numRuns: 300 },
    );

    function check(
      weights: number[],
      walk: ReadonlyArray<{ put: { flow: number; cost: number }[]; pause: number | null; sends: number }>,
    ): void {
      const line = new Line();
      for (const of of weights) line.open(of);
      const since = new Map<Flow<Line>, Map<Flow<Line>, number>>();
      const pick = (number: number): Flow<Line> => line.flows[number % line.flows.length] as Flow<Line>;
      for (const { put, pause, sends } of walk) {
        for (const { flow, cost: bytes } of put) line.put(pick(flow), [bytes]);
        // One that may not send for a while, such as for its credit window, is not waiting for its turn.
        if (pause !== null) line.queue.remove(pick(pause));
        for (const flow of line.flows) if (!flow.isQueued) since.delete(flow);
        for (const flow of line.flows) if (flow.isQueued && !since.has(flow)) since.set(flow, new Map());
        for (let send = 0; send < sends; send += 1) observe(line, since);
      }
      while (observe(line, since)) {}
    }

    function observe(line: Line, since: Map<Flow<Line>, Map<Flow<Line>, number>>): boolean {
      const sent = line.send();
      if (sent === undefined) return false;
      since.set(sent.flow, new Map());
      if (!sent.flow.isQueued) since.delete(sent.flow);
      for (const [waiting, others] of since) {
        if (waiting === sent.flow) continue;
        const bytes = (others.get(sent.flow) ?? 0) + sent.cost;
        others.set(sent.flow, bytes);
        expect(bytes).to.be.at.most(bound(waiting, sent.flow));
      }
      return true;
    }
  });

  it('shares by weight: flows of 1, 2 and 4 that always have frames send within 1 % of that', () => {
    const line = new Line();
    const flows = [1, 2, 4].map((of) => line.open(of, new Array(60_000).fill(128)));
    for (let frame = 0; frame < 70_000; frame += 1) line.send();
    const total = flows.reduce((sum, flow) => sum + line.sentBy(flow), 0);
    flows.forEach((flow, index) => {
      expect(line.sentBy(flow) / total).to.be.closeTo(2 ** index / 7, 0.01);
    });
  });

  it('shares bytes and not frames: who sends large ones sends fewer', () => {
    const line = new Line();
    const large = line.open(10, new Array(200).fill(65_600));
    const small = line.open(10, new Array(100_000).fill(128));
    for (let frame = 0; frame < 60_000; frame += 1) line.send();
    expect(line.sentBy(large) / line.sentBy(small)).to.be.closeTo(1, 0.02);
  });

  it('lets one with a single frame wait no longer than a turn of each other', () => {
    const line = new Line();
    const flood = line.open(10, new Array(10_000).fill(128));
    const quiet = line.open(10, [128]);
    for (let frame = 0; frame < 500; frame += 1) line.send();
    for (let round = 0; round < 50; round += 1) {
      line.put(quiet, [128]);
      const before = line.sentBy(flood);
      while (line.queue.peek() !== quiet) line.send();
      expect(line.sentBy(flood) - before).to.be.at.most(flood.quantum);
      line.send();
    }
  });

  it('gives nothing to who leaves and comes back within a round', () => {
    const line = new Line();
    const leaver = line.open(10);
    const stayer = line.open(10, new Array(10_000).fill(128));
    line.put(leaver, [128]);
    for (let frame = 0; frame < 5_000; frame += 1) {
      const sent = line.send();
      // It never has more than one frame at a time, and comes back as soon as that is sent.
      if (sent?.flow === leaver) line.put(leaver, [128]);
    }
    expect(line.sentBy(leaver) / line.sentBy(stayer)).to.be.closeTo(1, 0.02);
  });

  it('keeps the debt of who leaves', () => {
    const line = new Line();
    const debtor = line.open(1, [65_600]);
    const other = line.open(1, new Array(1_000).fill(256));
    while (line.sentBy(debtor) === 0) line.send();
    line.put(debtor, [128]);
    const before = line.sentBy(other);
    while (line.queue.peek() !== debtor) line.send();
    expect(line.sentBy(other) - before).to.be.closeTo(65_600, 2 * QUANTUM_BYTES);
  });

  it('is not prolonged by those who come anew all the time', () => {
    const line = new Line();
    const steady = line.open(10, new Array(100).fill(128));
    const other = line.open(10, new Array(100).fill(128));
    while (line.queue.peek() === steady) line.send();
    // The one has had its turn of this round, the other has it now, and somebody new comes with every frame.
    for (let frames = 0; line.queue.peek() !== steady; frames += 1) {
      expect(frames, 'frames of others').to.be.at.most(other.quantum / 128);
      line.open(10, [128]);
      line.send();
    }
  });

  it('takes a turn in as many steps with 10,000 flows that wait as with 10', () => {
    const stepsWith = (flows: number): number => {
      const line = new Line();
      for (let flow = 0; flow < flows; flow += 1) line.open(1, [65_600, 65_600, 65_600]);
      let most = 0;
      for (let before = 0; line.queue.length > 0; most = Math.max(most, line.queue.round - before)) {
        before = line.queue.round;
        line.send();
      }
      return most;
    };
    // What a turn passes over is rounds in which nobody has credit, of which the largest frame leaves so many.
    expect(stepsWith(10_000)).to.be.at.most(65_600 / QUANTUM_BYTES + 1);
    expect(stepsWith(10)).to.equal(stepsWith(10_000));
  });

  it('is empty once all is sent, and forgets nothing on the way', () => {
    fc.assert(
      fc.property(fc.array(fc.array(cost, { maxLength: 20 }), { maxLength: 20 }), (backlogs) => {
        const line = new Line();
        for (const costs of backlogs) line.open(1 + (costs.length % 100), costs);
        let sent = 0;
        while (line.send() !== undefined) sent += 1;
        expect(sent).to.equal(backlogs.flat().length);
        expect(line.queue.length).to.equal(0);
      }),
    );
  });

  it('takes weights from 1 to 100, and serves only who waits', () => {
    for (const bad of [0, 101, 1.5, Number.NaN]) {
      expect(() => new Flow(undefined, bad), `${bad}`).to.throw(InvariantViolation);
    }
    const queue = new FairQueue<number>();
    expect(queue.peek()).to.equal(undefined);
    const flow = new Flow(1, 100);
    queue.remove(flow);
    expect(() => queue.served(flow, 1, false)).to.throw(InvariantViolation);
    queue.add(flow);
    queue.add(flow);
    expect(queue.length).to.equal(1);
    expect(() => queue.served(flow, 0, true)).to.throw(InvariantViolation);
  });
});
