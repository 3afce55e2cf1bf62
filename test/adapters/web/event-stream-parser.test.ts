import { expect } from 'chai';
import { createParser } from 'eventsource-parser';
import fc from 'fast-check';
import { EventStreamParser } from '../../../src/adapters/inbound/web/browser/streaming/event-stream-parser.js';

interface Read {
  readonly type: string;
  readonly data: string;
}

const readWhole = (pieces: readonly string[]): Read[] => {
  const parser = new EventStreamParser();
  return pieces.flatMap((piece) => parser.push(piece)).map(({ type, data }) => ({ type, data }));
};

/** The same text as a kept library reads it. */
const readByLibrary = (text: string): Read[] => {
  const events: Read[] = [];
  const parser = createParser({
    onEvent: ({ event, data }) => events.push({ type: event ?? 'message', data }),
  });
  parser.feed(text);
  return events;
};

const line = fc.oneof(
  fc.constantFrom(
    '',
    'data',
    'data:',
    ': keepalive',
    'event: chunk',
    'event:',
    'id: 7',
    'retry: 2000',
    'x: y',
  ),
  fc.string({ unit: fc.constantFrom('a', ' ', ':', 'ä', '😀', '{', '"') }).map((text) => `data: ${text}`),
);
const stream = fc
  .array(fc.tuple(line, fc.constantFrom('\n', '\r\n')))
  .map((lines) => lines.map(([text, end]) => text + end).join(''));

describe('the page reads an event stream', () => {
  it('as a kept library does, however it is cut', () => {
    fc.assert(
      fc.property(stream, fc.array(fc.nat(400)), (text, cuts) => {
        const places = [...new Set(cuts.filter((cut) => cut < text.length))].sort(
          (left, right) => left - right,
        );
        const pieces = [...places, text.length].map((end, index) => text.slice(places[index - 1] ?? 0, end));
        expect(readWhole(pieces)).to.deep.equal(readByLibrary(text));
      }),
    );
  });

  it('with the last id that was named, and no event without data', () => {
    const parser = new EventStreamParser();
    expect(parser.push('\u{feff}id: 1\nevent: chunk\ndata: a\n\nevent: none\n\ndata: b\n\n')).to.deep.equal([
      { id: '1', type: 'chunk', data: 'a' },
      { id: '1', type: 'message', data: 'b' },
    ]);
  });

  it('that ends its lines in any of the three ways, also where one is cut apart', () => {
    expect(readWhole(['data: a\r', '\n\r', '\n', 'data: b\r\r', 'data: c\n\n'])).to.deep.equal([
      { type: 'message', data: 'a' },
      { type: 'message', data: 'b' },
      { type: 'message', data: 'c' },
    ]);
  });

  it('only as far as a server of ours would write', () => {
    expect(() => new EventStreamParser().push('x'.repeat(5_000_000))).to.throw(/too long/);
  });
});
