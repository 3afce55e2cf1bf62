import { expect } from 'chai';
import fc from 'fast-check';
import {
  readAuth,
  readClose,
  readCredit,
  readOpen,
  readPing,
} from '../../../../src/adapters/inbound/ws/mux/client-payloads.ts';
import {
  FRAMES,
  type Frame,
  type FrameName,
  HEADER_BYTES,
  MAX_SOCKET_MESSAGE_BYTES,
  ownBytes,
} from '../../../../src/adapters/inbound/ws/mux/frame.ts';
import { readMessage } from '../../../../src/adapters/inbound/ws/mux/read-message.ts';
import { batchOf, creditPayload, frameOf } from '../../../../src/adapters/inbound/ws/mux/write-frame.ts';

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const word = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const handle = fc.record({ high: word, low: word });
/** Payloads as clients send them, of each type. */
const PAYLOADS: ReadonlyArray<readonly [FrameName, fc.Arbitrary<Uint8Array>]> = [
  ['DATA', fc.uint8Array({ maxLength: 300 })],
  ['CREDIT', word.map(creditPayload)],
  ['PING', fc.uint8Array({ maxLength: 64 })],
  ['PONG', fc.uint8Array({ maxLength: 64 })],
  ['CLOSE', fc.constantFrom(1000, 1001, 4401).map((code) => json({ code, reason: 'done' }))],
  ['AUTH', fc.string({ minLength: 1 }).map((credential) => json({ credential }))],
  ['OPEN', fc.json().map((text) => json({ ref: '1', kind: 'chat', params: { text }, resume: null }))],
];
const frame = fc.oneof(
  ...PAYLOADS.map(([name, payload]) =>
    fc.tuple(handle, payload).map(([of, bytes]) => {
      const isConnection = FRAMES[name].room === 'connection';
      return frameOf(isConnection ? { high: 0, low: 0 } : { ...of, low: of.low || 1 }, name, bytes);
    }),
  ),
);
const message = fc.oneof(
  frame,
  fc.array(frame, { minLength: 1, maxLength: 6 }).map((frames) => batchOf(frames)),
);

type Mutation = (bytes: Buffer, at: number, value: number) => Buffer;
const MUTATIONS: readonly Mutation[] = [
  (bytes, at, value) => {
    const changed = Buffer.from(bytes);
    if (changed.length > 0) changed[at % changed.length] = value;
    return changed;
  },
  (bytes, at) => bytes.subarray(0, at % (bytes.length + 1)),
  (bytes, at) => bytes.subarray(at % (bytes.length + 1)),
  (bytes, at, value) => Buffer.concat([bytes, Buffer.alloc(at % 16, value)]),
  (bytes, at, value) => {
    const cut = at % (bytes.length + 1);
    return Buffer.concat([bytes.subarray(0, cut), Buffer.of(value), bytes.subarray(cut)]);
  },
  (bytes) => Buffer.concat([bytes, bytes]),
  (bytes, at) => {
    const changed = Buffer.from(bytes);
    const place = HEADER_BYTES + (at % 8);
    if (changed.length >= place + 4) changed.writeUInt32BE(0xffff_ffff, place);
    return changed;
  },
];
const mutated = fc
  .tuple(
    message,
    fc.array(fc.tuple(fc.nat(MUTATIONS.length - 1), fc.nat(2_000), fc.nat(255)), { maxLength: 4 }),
  )
  .map(([bytes, changes]) =>
    changes.reduce((so, [kind, at, value]) => (MUTATIONS[kind] as Mutation)(so, at, value), bytes),
  );

/** What a server makes of a payload: read, or one of two errors. */
function judge({ name, payload }: Frame): void {
  const readers = {
    OPEN: readOpen,
    AUTH: readAuth,
    CLOSE: readClose,
    CREDIT: readCredit,
    PING: readPing,
    PONG: readPing,
  };
  const reader = readers[name as keyof typeof readers];
  if (reader === undefined) return;
  const verdict = reader(payload);
  if (verdict.kind === 'read') return;
  expect(verdict.code).to.be.oneOf(['frame.malformed', 'params.invalid']);
  expect(Buffer.byteLength(verdict.message)).to.be.at.most(300);
}

/** Reads bytes as a server does, and checks what holds of any of them. */
function look(bytes: Buffer, batch: boolean): void {
  const frames: Frame[] = [];
  const close = readMessage(bytes, { from: 'client', batch }, { deliver: (read) => frames.push(read) > 0 });
  if (close !== undefined) {
    expect(close).to.equal(1002);
    expect(frames, 'nothing of a message that is broken').to.deep.equal([]);
    return;
  }
  let total = 0;
  for (const read of frames) {
    total += HEADER_BYTES + read.payload.length;
    expect(read.payload.buffer, 'a view, and no copy').to.equal(bytes.buffer);
    expect(FRAMES[read.name].sender).to.not.equal('server');
    expect(read.name).to.not.equal('BATCH');
    expect(FRAMES[read.name].room === 'connection').to.equal(
      read.high === 0 && read.low === 0 && read.name === 'OPEN',
    );
    judge(read);
  }
  expect(total).to.be.at.most(bytes.length);
}

describe('frames that were tampered with', function () {
  this.timeout(60_000);

  it('are read as frames, or close the socket with 1002: mutations of valid ones', () => {
    fc.assert(fc.property(mutated, fc.boolean(), look), { numRuns: 5_000 });
  });

  it('are read as frames, or close the socket with 1002: random bytes', () => {
    const noise = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));
    // Mostly a header that could be one, so that what comes after it is looked at too.
    const headed = fc
      .tuple(fc.constantFrom(Buffer.alloc(8), Buffer.alloc(8, 1)), fc.nat(14), noise)
      .map(([first, type, rest]) => Buffer.concat([first, Buffer.of(type), rest]));
    fc.assert(fc.property(fc.oneof(noise, headed), fc.boolean(), look), { numRuns: 5_000 });
  });

  it('are read as one of two errors, or as what they say: random payloads of JSON', () => {
    const texts = fc.oneof(
      fc.json(),
      fc.string(),
      fc.string({ unit: 'binary' }),
      fc
        .jsonValue()
        .map((value) => JSON.stringify({ ref: '1', kind: value, resume: value, code: value, window: value })),
    );
    const name = fc.constantFrom<FrameName>('OPEN', 'AUTH', 'CLOSE');
    fc.assert(
      fc.property(texts, name, (text, of) =>
        judge({ high: 0, low: 0, name: of, payload: Buffer.from(text) }),
      ),
      { numRuns: 1_000 },
    );
  });

  it('are read to the end of a message of 1 MiB full of the smallest, without a list of them', () => {
    const smallest = frameOf({ high: 1, low: 1 }, 'DATA');
    const count = Math.floor((MAX_SOCKET_MESSAGE_BYTES - HEADER_BYTES) / (smallest.length + 4));
    const batch = batchOf(new Array(count).fill(smallest));
    let read = 0;
    const all = () => {
      read += 1;
      return true;
    };
    readMessage(batch, { from: 'client', batch: true }, { deliver: all });
    expect(read).to.equal(count);
    read = 0;
    const ten = () => {
      read += 1;
      return read < 10;
    };
    readMessage(batch, { from: 'client', batch: true }, { deliver: ten });
    expect(read, 'no further than its reader wants').to.equal(10);
  });
});

describe('JSON in a payload', () => {
  const open = (value: unknown) => readOpen(json(value));
  const nested = (depth: number): unknown => (depth === 0 ? 1 : { a: nested(depth - 1) });

  it('takes a member that is null as left out, and passes over members that nobody knows', () => {
    const asked = open({ ref: '1', kind: 'chat', weight: null, resume: null, future: [1] });
    expect(asked).to.deep.equal({ kind: 'read', value: { ref: '1', kind: 'chat' } });
  });

  it('is nested only so deep', () => {
    expect(open({ ref: '1', kind: 'chat', params: nested(31) }).kind).to.equal('read');
    expect(open({ ref: '1', kind: 'chat', params: nested(32) })).to.include({ code: 'frame.malformed' });
    for (const text of ['['.repeat(65_536), `{"a":${'['.repeat(32_000)}${']'.repeat(32_000)}}`]) {
      expect(readOpen(Buffer.from(text))).to.include({ code: 'frame.malformed' });
    }
  });

  it('has params only so long, since they are stored', () => {
    const text = (length: number) => open({ ref: '1', kind: 'chat', params: { a: 'x'.repeat(length) } });
    expect(text(4_096 - 8).kind).to.equal('read');
    expect(text(4_096 - 7)).to.include({ code: 'params.invalid', ref: '1' });
  });

  it('has names and texts without NUL and halves of characters', () => {
    for (const part of ['\\u0000', '\\ud800']) {
      for (const text of [`{"ref":"${part}","kind":"a"}`, `{"ref":"1","kind":"a","params":{"${part}":1}}`]) {
        expect(readOpen(Buffer.from(text)), text).to.include({ code: 'frame.malformed' });
      }
    }
  });

  it('does not repeat what a client sent', () => {
    const verdict = open({ ref: '1', kind: 'chat', resume: { sessionId: 'a', token: { secret: 'x' } } });
    expect(JSON.stringify(verdict)).to.not.contain('secret');
    expect(JSON.stringify(verdict)).to.contain('resume.token');
  });
});

describe('bytes that are kept', () => {
  it('are copied when they are a small part of what they pin, and are their own memory then', () => {
    const chunk = Buffer.alloc(65_536, 7);
    const kept = ownBytes(chunk.subarray(10, 74));
    expect(kept).to.deep.equal(Buffer.alloc(64, 7));
    expect(kept.buffer.byteLength).to.equal(64);
    chunk.fill(0);
    expect(kept[0]).to.equal(7);
  });

  it('stay where they are when they are most of it', () => {
    const view = Buffer.alloc(1_000).subarray(9);
    expect(ownBytes(view)).to.equal(view);
  });
});
