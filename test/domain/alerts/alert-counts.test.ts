import { expect } from 'chai';
import {
  AlertCounts,
  MAX_COUNTED,
  MAX_WORDS,
  type Noticed,
  TOLD_AGAIN_MS,
} from '../../../src/domain/alerts/alert-counts.ts';
import { ALERT_RULES } from '../../../src/domain/alerts/alert-rule.ts';
import { owner } from '../../support/subscriber-builders.ts';

const RULES = { ...ALERT_RULES, 'breaches.repeated': { threshold: 3, windowMs: 60_000 } };
const breach = (facts: Partial<Noticed> = {}): Noticed => ({
  kind: 'breaches.repeated',
  principal: owner(1),
  word: 'rate.limited',
  ...facts,
});

describe('what is counted towards an alert', () => {
  it('is told from the threshold on, not before, with everything that led to it', () => {
    const counts = new AlertCounts(RULES);
    expect(counts.note(breach(), 0)).to.equal(false);
    expect(counts.note(breach({ word: 'message.too_large' }), 1)).to.equal(false);
    expect(counts.due(1)).to.deep.equal([]);
    expect(counts.note(breach({ detail: 'session abc' }), 2)).to.equal(true);
    expect(counts.due(3)).to.deep.equal([
      {
        kind: 'breaches.repeated',
        principal: owner(1),
        atMs: 3,
        windowMs: 60_000,
        count: 3,
        detail: 'rate.limited 2, message.too_large 1; session abc',
      },
    ]);
    expect(counts.due(4)).to.deep.equal([]);
  });

  it('is told again a while later, and only what has come since', () => {
    const counts = new AlertCounts(RULES);
    for (let number = 0; number < 3; number += 1) counts.note(breach(), 0);
    expect(counts.due(0).map(({ count }) => count)).to.deep.equal([3]);
    for (let number = 0; number < 500; number += 1) expect(counts.note(breach(), 1)).to.equal(false);
    expect(counts.due(TOLD_AGAIN_MS - 1)).to.deep.equal([]);
    expect(counts.due(TOLD_AGAIN_MS).map(({ count }) => count)).to.deep.equal([500]);
    counts.note(breach(), TOLD_AGAIN_MS);
    expect(counts.due(TOLD_AGAIN_MS, true).map(({ count, detail }) => [count, detail])).to.deep.equal([
      [1, 'rate.limited 504'],
    ]);
  });

  it('begins anew with the next window', () => {
    const counts = new AlertCounts(RULES);
    counts.note(breach(), 0);
    counts.note(breach(), 59_999);
    expect(counts.note(breach(), 60_000)).to.equal(false);
    expect(counts.due(60_000)).to.deep.equal([]);
  });

  it('is each principal’s own, and each kind’s', () => {
    const counts = new AlertCounts(RULES);
    counts.note(breach(), 0);
    counts.note(breach({ principal: owner(2) }), 0);
    counts.note(breach({ kind: 'handles.unknown' }), 0);
    expect(counts.due(0, true)).to.deep.equal([]);
    expect(counts.note(breach({ kind: 'takeover.refused' }), 0)).to.equal(true);
    expect(counts.due(0).map(({ kind }) => kind)).to.deep.equal(['takeover.refused']);
  });

  it('is bounded, however many there are and whatever they do', () => {
    const counts = new AlertCounts(RULES);
    counts.note(breach({ principal: owner(0) }), 0);
    for (let number = 1; number <= MAX_COUNTED; number += 1)
      counts.note(breach({ principal: owner(number) }), 0);
    counts.note(breach({ principal: owner(0) }), 0);
    expect(counts.note(breach({ principal: owner(0) }), 0), 'the first was forgotten').to.equal(false);
    for (let number = 0; number <= MAX_WORDS; number += 1) {
      counts.note(breach({ principal: owner(5), word: `word-${number}` }), 0);
    }
    expect(counts.due(0)[0]?.detail.split(', ')).to.have.length(MAX_WORDS + 1);
  });
});
