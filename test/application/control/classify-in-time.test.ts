import { expect } from 'chai';
import { ClassifyInTime } from '../../../src/application/control/classify-in-time.ts';
import { FairSlots } from '../../../src/application/control/fair-slots.ts';
import type {
  Classified,
  ClassifiedEvent,
  EventClassifier,
  Finding,
} from '../../../src/application/ports/control/event-classifier.ts';
import { BENIGN, type MadCode } from '../../../src/domain/control/mad-code.ts';
import { ManualTimers } from '../../support/manual-timers.ts';

const EVENT: ClassifiedEvent = {
  pairType: 'tool',
  profile: undefined,
  agentId: '',
  source: '',
  calls: [{ name: 'ls', args: '{}' }],
  messages: [],
  output: '',
};
const HARMLESS: Classified = { kind: 'classified', code: BENIGN, reason: '', rule: undefined };
const TOO_LATE: Finding = { kind: 'error', reason: 'The classifier took too long' };

function world(
  classify: (signal: AbortSignal) => Promise<Finding>,
  slots = 4,
  classifyAtOnce: EventClassifier['classifyAtOnce'] = undefined,
) {
  const timers = new ManualTimers();
  const classifier: EventClassifier = {
    classify: (_event: ClassifiedEvent, signal: AbortSignal) => classify(signal),
    ...(classifyAtOnce && { classifyAtOnce }),
  };
  const inTime = new ClassifyInTime({
    classifier,
    slots: new FairSlots(slots),
    clock: timers.clock,
    timers,
    limitMs: 10_000,
  });
  return { timers, inTime };
}

describe('classifying in time', () => {
  it('tells what was found', async () => {
    const { inTime } = world(async () => HARMLESS);
    expect(await inTime.classify('a', EVENT)).to.equal(HARMLESS);
  });

  it('waits for no turn where it can tell at once', async () => {
    const { timers, inTime } = world(
      () => new Promise(() => undefined),
      1,
      (event) => (event.output === '' ? HARMLESS : undefined),
    );
    const large = Promise.resolve(inTime.classify('a', { ...EVENT, output: 'much' }));
    expect(inTime.classify('a', EVENT)).to.equal(HARMLESS);
    await timers.advance(10_000);
    expect(await large).to.deep.equal(TOO_LATE);
  });

  it('is an error once the limit has passed, though the classifier never answers, and tells it to stop', async () => {
    let isTold = false;
    const { inTime, timers } = world((signal) => {
      signal.addEventListener('abort', () => {
        isTold = true;
      });
      return new Promise(() => undefined);
    });
    const finding = Promise.resolve(inTime.classify('a', EVENT));
    let answered: Finding | undefined;
    void finding.then((found) => {
      answered = found;
    });
    await timers.advance(9_999);
    expect(answered).to.equal(undefined);
    await timers.advance(1);
    expect(await finding).to.deep.equal(TOO_LATE);
    expect(isTold).to.equal(true);
  });

  it('counts the time of waiting for a turn', async () => {
    const { inTime, timers } = world(() => new Promise(() => undefined), 1);
    void inTime.classify('a', EVENT);
    await timers.advance(6_000);
    const waiting = inTime.classify('b', EVENT);
    await timers.advance(10_000);
    expect(await waiting).to.deep.equal(TOO_LATE);
  });

  it('counts the time that an event waited before it was asked about, and asks nobody in vain', async () => {
    let asked = 0;
    const { inTime, timers } = world(() => {
      asked += 1;
      return new Promise(() => undefined);
    });
    await timers.advance(20_000);
    const nowMs = timers.clock.nowMs();
    const waiting = inTime.classify('a', EVENT, nowMs - 9_000);
    expect(await inTime.classify('a', EVENT, nowMs - 10_000)).to.deep.equal(TOO_LATE);
    expect(asked).to.equal(1);
    await timers.advance(1_000);
    expect(await waiting).to.deep.equal(TOO_LATE);
  });

  it('says of what it could not classify in time what was known at once', async () => {
    const timers = new ManualTimers();
    const known = { ...HARMLESS, code: 'M3' as MadCode };
    const classify = (): Promise<Finding> => new Promise(() => undefined);
    const inTime = new ClassifyInTime({
      classifier: { classify, knownAtOnce: () => known },
      slots: new FairSlots(4),
      ...{ clock: timers.clock, timers, limitMs: 10_000 },
    });
    const finding = inTime.classify('a', EVENT);
    await timers.advance(10_000);
    expect(await finding).to.deep.equal({ ...TOO_LATE, known });
  });

  it('is an error when the classifier breaks its word and throws', async () => {
    const { inTime } = world(() => Promise.reject(new Error('broken')));
    expect(await inTime.classify('a', EVENT)).to.deep.equal({
      kind: 'error',
      reason: 'The classifier failed',
    });
  });

  it('leaves no timer behind once everything is answered and the limit has passed', async () => {
    const { inTime, timers } = world(async () => HARMLESS);
    await Promise.all(Array.from({ length: 100 }, () => inTime.classify('a', EVENT)));
    expect(timers.sleeping).to.equal(1);
    await timers.advance(10_000);
    expect(timers.sleeping).to.equal(0);
  });
});
