import { CONNECTION, FRAMES, type FrameName, type Handle } from '../../src/adapters/inbound/ws/mux/frame.ts';
import { batchOf, creditPayload, frameOf } from '../../src/adapters/inbound/ws/mux/write-frame.ts';
import type { SeededRandom } from '../simulation/world/seeded-random.ts';
import { OPCODES, wireFrame } from './strict-wire.ts';

/** Most frames that one connection is sent, and most bytes of one that is made of chance. */
const MOST_FRAMES = 12;
const MOST_NOISE_BYTES = 2_000;
const NAMES = Object.keys(FRAMES) as FrameName[];
const MAX_WINDOW = 2 ** 31 - 1;

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

/** Bytes of chance. */
export function noise(random: SeededRandom, most = MOST_NOISE_BYTES): Buffer {
  const bytes = Buffer.alloc(random.whole(0, most));
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = random.whole(0, 255);
  return bytes;
}

/** What one connection is sent, write by write. `handle`: a session that it has, if it has one. */
export function hostileBytes(random: SeededRandom, handle: Handle | undefined): Buffer[] {
  const writes = Array.from({ length: random.whole(1, MOST_FRAMES) }, () =>
    random.weighted<(random: SeededRandom, handle: Handle | undefined) => Buffer>([
      [10, (...by) => wireFrame(mutatedFrame(...by))],
      [4, (...by) => wireFrame(validFrame(...by))],
      [2, brokenMessage],
      [1, () => noise(random)],
    ])(random, handle),
  );
  if (random.chance(0.5)) return writes;
  // The same bytes, cut where no frame ends.
  const all = Buffer.concat(writes);
  const cut = random.whole(0, all.length);
  return [all.subarray(0, cut), all.subarray(cut)];
}

function someHandle(random: SeededRandom, handle: Handle | undefined): Handle {
  const foreign = { high: random.whole(0, 2 ** 32 - 1), low: random.whole(0, 2 ** 32 - 1) };
  return random.weighted([
    [6, handle ?? foreign],
    [1, foreign],
    [1, { high: 0, low: 1 }],
    [2, CONNECTION],
  ]);
}

function validFrame(random: SeededRandom, handle: Handle | undefined): Buffer {
  const name = random.pick(NAMES);
  if (name === 'BATCH') {
    return batchOf(Array.from({ length: random.whole(1, 4) }, () => singleFrame(random, handle)));
  }
  return singleFrame(random, handle);
}

function singleFrame(random: SeededRandom, handle: Handle | undefined): Buffer {
  const name = random.pick(NAMES.filter((one) => one !== 'BATCH'));
  const isConnection = FRAMES[name].room === 'connection';
  return frameOf(isConnection ? CONNECTION : someHandle(random, handle), name, payloadOf(random, name));
}

const NUMBERS = [
  0,
  -1,
  1,
  65_535,
  65_536,
  MAX_WINDOW,
  MAX_WINDOW + 1,
  2 ** 53,
  1e308,
  0.5,
  '1',
  null,
  {},
  [],
];

function payloadOf(random: SeededRandom, name: FrameName): Buffer {
  const number = () => random.pick(NUMBERS);
  const word = () => noise(random, 80).toString('latin1');
  switch (name) {
    case 'OPEN':
      return json({
        ref: random.chance(0.9) ? 'r' : number(),
        kind: random.pick(['echo', 'echo', 'chat', 'observe', 'control', 'none', '__proto__', number()]),
        ...(random.chance(0.3) ? { window: number() } : {}),
        ...(random.chance(0.3) ? { weight: number() } : {}),
        ...(random.chance(0.2) ? { credential: word() } : {}),
        ...(random.chance(0.3) ? { params: random.pick([{}, { chatSessionId: word() }, number()]) } : {}),
        ...(random.chance(0.2) ? { resume: { sessionId: word(), token: word(), offset: number() } } : {}),
      });
    case 'CREDIT':
      return Buffer.from(creditPayload(random.pick([0, 1, 65_536, MAX_WINDOW, 2 ** 32 - 1])));
    case 'CLOSE':
      return json({ code: random.pick([1000, 1001, 1006, 4401, 4501, 999, number()]), reason: word() });
    case 'AUTH':
      return json({ credential: random.pick([word(), 'hf_x', number()]) });
    default:
      return noise(random, random.chance(0.02) ? 70_000 : 80);
  }
}

/** A frame of which something has been changed. */
function mutatedFrame(random: SeededRandom, handle: Handle | undefined): Buffer {
  let bytes = validFrame(random, handle);
  for (let left = random.whole(1, 3); left > 0; left -= 1) bytes = random.pick(MUTATIONS)(bytes, random);
  return bytes;
}

type Mutation = (bytes: Buffer, random: SeededRandom) => Buffer;
const MUTATIONS: readonly Mutation[] = [
  (bytes, random) => bytes.subarray(0, random.whole(0, bytes.length)),
  (bytes, random) => bytes.subarray(random.whole(0, bytes.length)),
  (bytes, random) => Buffer.concat([bytes, noise(random, 20)]),
  (bytes) => Buffer.concat([bytes, bytes]),
  (bytes, random) => {
    const changed = Buffer.from(bytes);
    if (changed.length > 0) changed[random.whole(0, changed.length - 1)] = random.whole(0, 255);
    return changed;
  },
  // Another type, or none that there is.
  (bytes, random) => {
    const changed = Buffer.from(bytes);
    if (changed.length > 8) changed[8] = random.whole(0, 20);
    return changed;
  },
  // Another length within a BATCH.
  (bytes, random) => {
    const changed = Buffer.from(bytes);
    if (changed.length >= 13) changed.writeUInt32BE(random.pick([0, 8, 9, 0xffff_ffff, 0x7fff_ffff]), 9);
    return changed;
  },
];

/** What breaks the form of WebSockets themselves, or only uses all of it. */
function brokenMessage(random: SeededRandom, handle: Handle | undefined): Buffer {
  const frame = singleFrame(random, handle);
  return random.pick(BROKEN)(frame, random);
}

const { more, text, close, ping, pong } = OPCODES;
const BROKEN: readonly Mutation[] = [
  (frame) => wireFrame(frame, { isMasked: false }),
  (frame, random) => wireFrame(frame, { reserved: random.whole(1, 7) }),
  (frame, random) => wireFrame(frame, { opcode: random.pick([3, 4, 5, 6, 7, 11, 12, 13, 14, 15]) }),
  (frame) => wireFrame(frame, { opcode: more }),
  (frame) => wireFrame(Buffer.from(frame.toString('hex')), { opcode: text }),
  (frame) => wireFrame(Buffer.concat([frame, Buffer.of(0xff)]), { opcode: text }),
  (frame, random) =>
    wireFrame(frame, { length: random.pick([2n ** 63n, 2n ** 64n - 1n, 2n ** 32n, 2n ** 20n + 1n]) }),
  (frame, random) => wireFrame(frame, { length: BigInt(random.whole(0, 2 * frame.length)) }),
  (frame) => wireFrame(frame, { lengthBits: 64 }),
  // In fragments, with a ping between them, which is allowed.
  (frame, random) => {
    const cut = random.whole(0, frame.length);
    return Buffer.concat([
      wireFrame(frame.subarray(0, cut), { isLast: false }),
      wireFrame(noise(random, 125), { opcode: ping }),
      wireFrame(frame.subarray(cut), { opcode: more }),
    ]);
  },
  (frame) => Buffer.concat([wireFrame(frame, { isLast: false }), wireFrame(frame)]),
  // In more fragments than a message may have.
  (frame) =>
    Buffer.concat([
      wireFrame(frame, { isLast: false }),
      ...Array.from({ length: 1_024 }, () => wireFrame(Buffer.of(0), { opcode: more, isLast: false })),
    ]),
  (_frame, random) => wireFrame(noise(random, 300), { opcode: random.pick([ping, pong, close]) }),
  (_frame, random) => wireFrame(Buffer.alloc(0), { opcode: random.pick([ping, pong, close]), isLast: false }),
  (_frame, random) => {
    const code = Buffer.alloc(2);
    code.writeUInt16BE(
      random.pick([0, 999, 1000, 1004, 1005, 1006, 1015, 2000, 3000, 4000, 4999, 5000, 65_535]),
    );
    return wireFrame(Buffer.concat([code, noise(random, 123)]), { opcode: close });
  },
];
