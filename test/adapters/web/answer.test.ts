import { expect } from 'chai';
import fc from 'fast-check';
import {
  type Answer,
  advance,
  type LogEvent,
} from '../../../src/adapters/inbound/web/browser/streaming/answer.js';
import { streamFrom } from './stream-events.ts';

const take = (answer: Answer | undefined, events: readonly LogEvent[]): Answer | undefined => {
  let taken = answer;
  for (const event of events) {
    const step = advance(taken, event);
    if (step.kind === 'advanced') taken = step.answer;
  }
  return taken;
};

describe('an answer', () => {
  it('is its text to the character, whoever tells its events and however often', () => {
    const texts = fc.array(fc.string({ minLength: 1, unit: 'grapheme' }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(texts, fc.infiniteStream(fc.nat(3)), (said, repeats) => {
        const events = streamFrom(5, said);
        let answer: Answer | undefined;
        events.forEach((_, index) => {
          // A teller may begin anew with anything that has been told before.
          const [back = 0] = repeats.take(1);
          answer = take(answer, events.slice(Math.max(0, index - back), index + 1));
        });
        expect(answer?.text).to.equal(said.join(''));
        expect(answer).to.deep.include({ streamId: 'stream-5', cursor: 6 + said.length });
        expect(answer?.end).to.deep.include({ type: 'done', code: 'stop', tokensUsed: 3 });
      }),
    );
  });

  it('notices that something is missing, and takes nothing beyond it', () => {
    const [session, first, second] = streamFrom(1, ['a', 'b', 'c']);
    if (session === undefined || first === undefined || second === undefined) throw new Error('no events');
    expect(advance(undefined, first).kind).to.equal('gap');
    const begun = take(undefined, [session]);
    expect(advance(begun, second).kind).to.equal('gap');
    expect(advance(begun, first).kind).to.equal('advanced');
    expect(advance(take(begun, [first]), first).kind).to.equal('stale');
  });

  it('gives way to the next one once it has ended, and not before', () => {
    const whole = take(undefined, streamFrom(1, ['a']));
    const [later] = streamFrom(9, []);
    if (later === undefined) throw new Error('no event');
    expect(advance(whole, later)).to.deep.include({ kind: 'advanced' });
    expect(advance(take(undefined, streamFrom(1, ['a']).slice(0, 2)), later).kind).to.equal('gap');
  });

  it('may begin with a later stream of the chat', () => {
    expect(take(undefined, streamFrom(40, ['x']))).to.deep.include({ text: 'x', cursor: 42 });
  });
});
