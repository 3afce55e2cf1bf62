import { expect } from 'chai';
import { micros } from '../../../src/domain/accounting/credits.ts';
import {
  chunkEvent,
  chunkText,
  doneEvent,
  errorEvent,
  isTerminal,
  transcriptOf,
} from '../../../src/domain/streaming/stream-event.ts';

const FACTS = { inputTokens: 4, outputTokens: 2, chargeMicros: micros(1_500_000) };

describe('an event of a stream', () => {
  it('that is a chunk gives its text back, whatever is in it', () => {
    for (const text of ['a', '"\\\n\r', '😀', '\u2028', '\u0000']) {
      expect(chunkText(chunkEvent(1, text, 1))).to.equal(text);
    }
  });

  it('has its data in one line, so that no text can end an event early', () => {
    expect(chunkEvent(1, 'a\n\ndata: x\r\n\r\n', 1).json).not.to.match(/[\r\n]/);
  });

  for (const [what, text] of [
    ['is empty', ''],
    ['ends inside a surrogate pair', 'a\ud83d'],
  ] as const) {
    it(`is never a chunk that ${what}`, () => {
      expect(() => chunkEvent(1, text, 1)).to.throw();
    });
  }

  it('that is done tells tokens, credits, reason and hash', () => {
    const event = doneEvent(9, { ...FACTS, finishReason: 'length', textSha256: 'ab' });
    expect(event).to.include({ offset: 9, type: 'done', outputTokens: 2 });
    expect(JSON.parse(event.json)).to.deep.equal({
      message: 'Stream complete',
      tokensUsed: 6,
      inputTokens: 4,
      outputTokens: 2,
      creditsCharged: 1.5,
      finishReason: 'length',
      textSha256: 'ab',
    });
  });

  it('that is an error tells its sentence under both names', () => {
    const event = errorEvent(9, { ...FACTS, code: 'model.failed', message: 'No', retryable: true });
    expect(JSON.parse(event.json)).to.deep.equal({
      code: 'model.failed',
      error: 'No',
      message: 'No',
      retryable: true,
      tokensUsed: 6,
      creditsCharged: 1.5,
    });
  });

  it('ends a log exactly when it is done or an error', () => {
    const done = doneEvent(2, { ...FACTS, finishReason: 'stop', textSha256: '' });
    const error = errorEvent(2, { ...FACTS, code: 'x', message: '', retryable: false });
    expect([chunkEvent(1, 'a', 1), done, error].map(isTerminal)).to.deep.equal([false, true, true]);
    expect(transcriptOf([chunkEvent(1, 'a', 1), chunkEvent(2, 'b', 2), done])).to.equal('ab');
  });
});
