import { expect } from 'chai';
import fc from 'fast-check';
import {
  type ClientFrame,
  decodeClientFrame,
  MalformedFrame,
} from '../../../src/adapters/inbound/control/agent-wire.ts';
import { independentClientFrame, rawBytes, rawField, varint } from '../../support/independent-wire.ts';

const LARGE_BYTES = 4_194_304;

/** A frame, or undefined where the bytes are none; any other failure is the test's. */
function read(bytes: Uint8Array): ClientFrame | undefined {
  try {
    return decodeClientFrame(bytes);
  } catch (error) {
    if (error instanceof MalformedFrame) return undefined;
    throw error;
  }
}

const EVENT = {
  eventId: 'event-1',
  pairType: 1,
  agent: { agentId: 'builder' },
  llm: {
    messages: [{ role: 'user', content: 'hello' }],
    toolCalls: [{ name: 'bash', args: '{}' }],
    usage: { promptTokens: 3 },
  },
  metadataJson: 'AAEC',
};
const FRAMES = [
  { login: { sessionId: 's', schemaVersion: 2, llmStack: { provider: 'p' } } },
  { pairedBatch: { events: [EVENT, EVENT] } },
  { mcpInventory: { servers: [{ name: 'a' }] } },
].map(independentClientFrame);

describe('frames of an agent that means ill', function () {
  this.timeout(60_000);

  it('are frames or malformed, whatever the bytes are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        read(bytes);
      }),
      { numRuns: 3_000 },
    );
  });

  it('are frames or malformed, whatever has happened to good ones', () => {
    const change = fc.record({
      at: fc.nat(),
      kind: fc.constantFrom('set', 'cut', 'insert', 'double'),
      byte: fc.nat(255),
    });
    fc.assert(
      fc.property(
        fc.constantFrom(...FRAMES),
        fc.array(change, { minLength: 1, maxLength: 6 }),
        (frame, changes) => {
          let bytes = [...frame];
          for (const { at, kind, byte } of changes) {
            const place = at % (bytes.length + 1);
            if (kind === 'set') bytes[place] = byte;
            else if (kind === 'cut') bytes = bytes.slice(0, place);
            else if (kind === 'insert') bytes.splice(place, 0, byte);
            else bytes = [...bytes, ...bytes.slice(place)];
          }
          read(Uint8Array.from(bytes));
        },
      ),
      { numRuns: 3_000 },
    );
  });

  it('do not have a member that comes with another wire type than the schema says', () => {
    const login = (...parts: Uint8Array[]): ClientFrame | undefined =>
      read(rawBytes(1, Buffer.concat(parts)));
    expect(login(rawField(1, 0, varint(7)))).to.have.nested.property('login.sessionId', '');
    expect(login(rawBytes(4, Buffer.from('2')))).to.have.nested.property('login.schemaVersion', 0);
    expect(read(rawField(1, 0, varint(1)))).to.equal(undefined);
    expect(read(rawField(3, 5, new Uint8Array(4)))).to.equal(undefined);
    expect(read(rawBytes(3, rawField(1, 1, new Uint8Array(8))))).to.deep.equal({
      kind: 'batch',
      events: [],
      bytes: [],
    });
  });

  it('are malformed with text that is not UTF-8', () => {
    for (const text of [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x82]]) {
      expect(read(rawBytes(1, rawBytes(1, Uint8Array.from(text))))).to.equal(undefined);
    }
  });

  it('are malformed when they are empty, cut off or longer than they say', () => {
    expect(read(new Uint8Array())).to.equal(undefined);
    for (const frame of FRAMES) expect(read(frame.subarray(0, -1))).to.equal(undefined);
    expect(read(rawField(1, 2, varint(0xffffffff)))).to.equal(undefined);
  });

  it('may have members that the schema does not know, which are passed over', () => {
    const unknown = Buffer.concat([
      rawField(99, 0, varint(1)),
      rawBytes(500, Buffer.from('later')),
      rawField(77, 1, new Uint8Array(8)),
    ]);
    const [login] = FRAMES;
    expect(read(Buffer.concat([unknown, login ?? unknown]))).to.deep.equal(read(login ?? unknown));
    const nested = rawBytes(1, Buffer.concat([rawBytes(1, Buffer.from('s')), unknown]));
    expect(read(nested)).to.deep.nested.include({ kind: 'login', 'login.sessionId': 's' });
  });

  it('may ask for 10,000 events at once', () => {
    const frame = read(
      independentClientFrame({ pairedBatch: { events: Array.from({ length: 10_000 }, () => EVENT) } }),
    );
    expect(frame).to.have.property('events').with.length(10_000);
  });

  it('are malformed when a batch has so many events that memory would suffer', () => {
    const empty = rawBytes(1, new Uint8Array());
    const batch = (events: number): Uint8Array => rawBytes(3, Buffer.alloc(events * empty.length, empty));
    expect(read(batch(20_000)))
      .to.have.property('events')
      .with.length(20_000);
    expect(read(batch(20_001))).to.equal(undefined);
    expect(read(Buffer.concat([batch(10_001), batch(10_000)]))).to.equal(undefined);
  });

  it('of the largest size take bounded time and memory, however they are made', () => {
    const many = Buffer.alloc(LARGE_BYTES, Buffer.from([0x0a, 0x00]));
    const deep = Buffer.alloc(LARGE_BYTES, Buffer.from([0x1a, 0xff, 0xff, 0x7f]));
    const groups = Buffer.alloc(LARGE_BYTES, 0x0b);
    const started = process.hrtime.bigint();
    const before = process.memoryUsage().rss;
    for (const inner of [many, deep, groups]) {
      for (const bytes of [
        inner,
        rawBytes(1, inner),
        rawBytes(3, inner),
        rawBytes(4, inner),
        rawBytes(3, rawBytes(1, inner)),
      ]) {
        read(bytes);
      }
    }
    expect(Number(process.hrtime.bigint() - started) / 1e6).to.be.lessThan(30_000);
    expect(process.memoryUsage().rss - before).to.be.lessThan(800_000_000);
  });
});
