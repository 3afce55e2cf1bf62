import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import {
  readAuth,
  readClose,
  readCredit,
  readOpen,
  readPing,
} from '../../../../src/adapters/inbound/ws/mux/client-payloads.ts';
import { type Frame, type FrameName, hexOf } from '../../../../src/adapters/inbound/ws/mux/frame.ts';
import { readMessage } from '../../../../src/adapters/inbound/ws/mux/read-message.ts';
import { jsonPayload, type ServerPayloads } from '../../../../src/adapters/inbound/ws/mux/server-payloads.ts';
import {
  batchOf,
  creditPayload,
  frameOf,
  offsetPayload,
} from '../../../../src/adapters/inbound/ws/mux/write-frame.ts';
import { CreditWindow } from '../../../../src/domain/multiplexing/credit-window.ts';
import { TokenBucket } from '../../../../src/domain/multiplexing/token-bucket.ts';

interface Meaning {
  readonly handle: string;
  readonly name: FrameName;
  readonly payload?: string;
  readonly json?: object;
  readonly offset?: number;
  readonly data?: string;
  readonly bytes?: number;
}
interface Message {
  readonly name: string;
  readonly from: 'client' | 'server';
  readonly subprotocol: string;
  readonly hex: string;
}
interface FrameVectors {
  readonly messages: ReadonlyArray<Message & { readonly frames: readonly Meaning[] }>;
  readonly broken: ReadonlyArray<Message & { readonly close: number }>;
  readonly refused: ReadonlyArray<
    Pick<Message, 'name' | 'hex'> & { readonly error: { handle: string; code: string; ref?: string } }
  >;
}
interface LimitVectors {
  readonly windows: ReadonlyArray<{
    readonly name: string;
    readonly first: number;
    readonly steps: ReadonlyArray<{
      send?: number;
      event?: number;
      grant?: number;
      left?: number;
      close?: number;
    }>;
  }>;
  readonly rates: ReadonlyArray<{
    readonly name: string;
    readonly tokens: number;
    readonly perMs: number;
    readonly burst: number;
    readonly steps: ReadonlyArray<{ atMs: number; take: number; retryAfterMs: number }>;
  }>;
}

const vectors = <Vectors>(name: string): Vectors =>
  JSON.parse(readFileSync(`docs/vectors/${name}.json`, 'utf8')) as Vectors;

const read = ({ hex, from, subprotocol }: Message) => {
  const frames: Frame[] = [];
  const batch = subprotocol.endsWith('.batch');
  const close = readMessage(
    Buffer.from(hex, 'hex'),
    { from, batch },
    {
      deliver: (frame) => frames.push(frame) > 0,
    },
  );
  return { frames, close };
};

/** A payload as the vectors tell it, which the frame's own bytes choose the form of. */
const payloadOf = ({ json, offset, data, bytes, payload = '' }: Meaning): Buffer => {
  if (json !== undefined) return Buffer.from(JSON.stringify(json));
  if (offset !== undefined) return Buffer.concat([offsetPayload(offset), Buffer.from(data ?? '', 'hex')]);
  return bytes === undefined ? Buffer.from(payload, 'hex') : creditPayload(bytes);
};

const handleOf = (hex: string) => ({
  high: Number.parseInt(hex.slice(0, 8), 16),
  low: Number.parseInt(hex.slice(8), 16),
});

/** What a server makes of a client's frame. */
const judged = ({ name, payload }: Frame) => {
  if (name === 'OPEN') return readOpen(payload);
  if (name === 'AUTH') return readAuth(payload);
  if (name === 'CLOSE') return readClose(payload);
  if (name === 'CREDIT') return readCredit(payload);
  return name === 'PING' || name === 'PONG' ? readPing(payload) : { kind: 'read' as const, value: payload };
};

describe('the vectors of frames', () => {
  const { messages, broken, refused } = vectors<FrameVectors>('mux-frames');

  for (const message of messages) {
    it(`are read as they say: ${message.name}`, () => {
      const { frames, close } = read(message);
      expect(close).to.equal(undefined);
      expect(frames.map((frame) => ({ handle: hexOf(frame), name: frame.name }))).to.deep.equal(
        message.frames.map(({ handle, name }) => ({ handle, name })),
      );
      frames.forEach((frame, index) => {
        const meaning = message.frames[index] as Meaning;
        expect(frame.payload.toString('hex')).to.equal(payloadOf(meaning).toString('hex'));
        if (message.from === 'client') expect(judged(frame).kind).to.equal('read');
      });
    });

    it(`are written as they say: ${message.name}`, () => {
      const frames = message.frames.map((meaning) =>
        frameOf(handleOf(meaning.handle), meaning.name, payloadOf(meaning)),
      );
      const written = message.subprotocol.endsWith('.batch') ? batchOf(frames) : frames[0];
      expect(written?.toString('hex')).to.equal(message.hex);
    });
  }

  for (const message of messages.filter(({ from, frames }) => from === 'server' && frames[0]?.json)) {
    it(`have the JSON that the server writes: ${message.name}`, () => {
      const { name, json } = message.frames[0] as Meaning;
      const written = jsonPayload(name as keyof ServerPayloads, json as never);
      expect(JSON.parse(written.toString())).to.deep.equal(json);
    });
  }

  for (const message of broken) {
    it(`close the socket, and deliver nothing: ${message.name}`, () => {
      expect(read(message)).to.deep.equal({ frames: [], close: message.close });
    });
  }

  for (const { name, hex, error } of refused) {
    it(`are answered by an ERROR: ${name}`, () => {
      const { frames } = read({ name, hex, from: 'client', subprotocol: 'holdfast.mux.v1' });
      const frame = frames[0] as Frame;
      const verdict = judged(frame);
      expect(hexOf(frame)).to.equal(error.handle);
      expect(verdict).to.include({ kind: 'refused', code: error.code });
      expect('ref' in verdict ? verdict.ref : undefined).to.equal(error.ref);
    });
  }

  it('have every type of frame', () => {
    const names = new Set(messages.flatMap(({ frames }) => frames.map(({ name }) => name)));
    expect([...names, 'BATCH']).to.have.length(13);
  });
});

describe('the vectors of limits', () => {
  const { windows, rates } = vectors<LimitVectors>('mux-limits');

  for (const { name, first, steps } of windows) {
    it(`are those of a window: ${name}`, () => {
      const window = new CreditWindow(first);
      for (const { send, event, grant = 0, left, close } of steps) {
        const payload = send ?? event;
        const isKept = payload === undefined ? window.grant(grant) : window.spend(payload);
        expect(isKept).to.equal(close === undefined);
        if (left !== undefined) expect(window.bytes).to.equal(left);
      }
    });
  }

  for (const { name, tokens, perMs, burst, steps } of rates) {
    it(`are those of a bucket: ${name}`, () => {
      const bucket = new TokenBucket({ tokens, perMs, burst }, 0);
      for (const { atMs, take, retryAfterMs } of steps) {
        expect(bucket.take(atMs, take), `at ${atMs}`).to.equal(retryAfterMs);
      }
    });
  }
});
