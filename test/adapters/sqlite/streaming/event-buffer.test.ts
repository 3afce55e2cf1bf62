import { expect } from 'chai';
import fc from 'fast-check';
import { EventBuffer } from '../../../../src/adapters/outbound/sqlite/streaming/event-buffer.ts';
import { eventLines } from '../../../../src/domain/streaming/event-lines.ts';
import type { StreamEvent } from '../../../../src/domain/streaming/stream-event.ts';
import { chunks } from '../../../support/stream-builders.ts';

/** Appends of a log, of several texts each, in any script. */
const appendsOfTexts = fc.array(
  fc.array(fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }), { minLength: 1, maxLength: 5 }),
  { minLength: 1, maxLength: 60 },
);

function fill(firstOffset: number, appends: ReadonlyArray<readonly string[]>) {
  const buffer = new EventBuffer();
  const all: StreamEvent[] = [];
  for (const texts of appends) {
    const events = chunks(firstOffset + all.length, ...texts);
    buffer.append(firstOffset + all.length, events.length, eventLines(events));
    all.push(...events);
  }
  return { buffer, all };
}

describe('the buffer of a running stream’s events', () => {
  it('is empty at first, and its next offset is the first one', () => {
    const buffer = new EventBuffer();
    expect(buffer.isEmpty).to.equal(true);
    expect(buffer.nextOffset).to.equal(1);
    expect(buffer.read(0, 10)).to.deep.equal([]);
    expect(buffer.text()).to.equal('');
  });

  it('gives back what was put in from any offset on, however it was put in', () => {
    fc.assert(
      fc.property(appendsOfTexts, fc.nat(500), fc.nat(400), fc.integer({ min: 1, max: 50 }), (...drawn) => {
        const [appends, before, after, limit] = drawn;
        const { buffer, all } = fill(before + 1, appends);
        const wanted = all.filter(({ offset }) => offset > after).slice(0, limit);
        expect(buffer.read(after, limit)).to.deep.equal(wanted);
        expect(buffer.nextOffset).to.equal(before + 1 + all.length);
        expect(buffer.text()).to.equal(eventLines(all));
      }),
    );
  });

  it('is read page by page without a gap or a repeat', () => {
    fc.assert(
      fc.property(appendsOfTexts, fc.integer({ min: 1, max: 7 }), (appends, limit) => {
        const { buffer, all } = fill(9, appends);
        const read: StreamEvent[] = [];
        for (
          let page = buffer.read(0, limit);
          page.length > 0;
          page = buffer.read(read.at(-1)?.offset ?? 0, limit)
        )
          read.push(...page);
        expect(read).to.deep.equal(all);
      }),
    );
  });
});
