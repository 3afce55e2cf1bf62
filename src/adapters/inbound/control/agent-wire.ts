import { readFileSync } from 'node:fs';
import protobuf from 'protobufjs';
import protojson from 'protobufjs/ext/protojson.js';
import { type PairedEvent, plainEvent } from './paired-event.ts';

/** Version of the schema that a login names. */
export const SCHEMA_VERSION = 2;
/** How deep messages may stand in each other; the schema's own deepest is 4. */
const MAX_DEPTH = 8;
/**
 * Most events of one batch. An empty one is two bytes of a message and hundreds of the memory: without a bound the
 * largest message would become a thousand times what it is.
 */
const MAX_EVENTS = 20_000;
/** Fields of the schema that are looked at before anything is read: a frame's batch, and a batch's events. */
const BATCH_FIELD = 3;
const EVENTS_FIELD = 1;

/** What an agent says of itself when it logs in. */
export interface SessionLogin {
  readonly sessionId: string;
  readonly llmStack: { readonly provider: string; readonly model: string } | null;
  readonly schemaVersion: number;
  readonly source: string;
  readonly connectionId: string;
}

/** An MCP server that an agent has. */
export interface McpServer {
  readonly name: string;
  readonly transport: string;
  readonly endpoint: string;
}

/** What came from an agent. Members that the wire left out have the empty value of their kind. */
export type ClientFrame =
  | { readonly kind: 'login'; readonly login: SessionLogin }
  | {
      readonly kind: 'batch';
      readonly events: readonly PairedEvent[];
      /** The bytes of each event, in the same order: views of the frame's, or as they would have been sent. */
      readonly bytes: readonly Uint8Array[];
    }
  | { readonly kind: 'inventory'; readonly servers: readonly McpServer[] };

/** The policy as the wire tells it. */
export interface PolicySnapshot {
  readonly mode: 'alert' | 'hitl' | 'block';
  readonly policyM0: boolean;
  readonly policyM2: boolean;
  readonly policyM3: boolean;
  readonly policyM4: boolean;
  readonly failClosedOnClassifierError: boolean;
}

/** What goes to an agent. */
export type ServerFrame =
  | { readonly kind: 'login_ack'; readonly policy: PolicySnapshot; readonly source: string }
  | {
      readonly kind: 'verdict';
      readonly eventId: string;
      readonly sessionId: string;
      readonly madCode: string;
      readonly policy: PolicySnapshot;
      readonly status: 'ok' | 'error';
      /** Absent where neither a person nor a policy that fails closed has decided. */
      readonly continueExecution?: boolean;
    };

/** Bytes or JSON that are no frame of the schema. The message says what is wrong with them and quotes nothing. */
export class MalformedFrame extends Error {
  override readonly name = 'MalformedFrame';
}

const MODES = { alert: 1, hitl: 2, block: 3 } as const;
const STATUSES = { ok: 1, error: 2 } as const;

protobuf.Reader.recursionLimit = MAX_DEPTH;
const schema = protobuf.parse(readFileSync(new URL('agent-control.proto', import.meta.url), 'utf8')).root;
const clientFrame = schema.lookupType('adrian.core_api.v1.ClientFrame');
const pairedEvent = schema.lookupType('adrian.core_api.v1.PairedEvent');
const serverFrame = schema.lookupType('adrian.core_api.v1.ServerFrame');

/**
 * @throws MalformedFrame when the bytes are not one frame, a frame with nothing in it, one with several batches, or a
 *   batch that is too long.
 */
export function decodeClientFrame(bytes: Uint8Array): ClientFrame {
  return orMalformed(() => {
    const events = eventsIn(bytes);
    return frameFrom(clientFrame.decode(bytes), events);
  });
}

/** The bytes of each event of a frame's batch, found by their heads alone, before anything is made of them. */
function eventsIn(bytes: Uint8Array): readonly Uint8Array[] {
  // Several would have to be one, and no client sends them.
  const [batch] = fieldsOf(bytes, BATCH_FIELD, { atMost: 1, otherwise: 'A frame has one batch' });
  if (batch === undefined) return [];
  const otherwise = `A batch has at most ${MAX_EVENTS} events`;
  return fieldsOf(batch, EVENTS_FIELD, { atMost: MAX_EVENTS, otherwise });
}

/** The contents of a message's fields of one number that have a length. @throws MalformedFrame when there are too many. */
function fieldsOf(
  bytes: Uint8Array,
  number: number,
  bound: { readonly atMost: number; readonly otherwise: string },
): readonly Uint8Array[] {
  const reader = protobuf.Reader.create(bytes);
  const found: Uint8Array[] = [];
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag === ((number << 3) | 2)) {
      if (found.length === bound.atMost) throw new MalformedFrame(bound.otherwise);
      const length = reader.uint32();
      const start = reader.pos;
      reader.skip(length);
      found.push(bytes.subarray(start, start + length));
    } else reader.skipType(tag & 7, 0, tag >>> 3);
  }
  return found;
}

/**
 * Reads a frame in the JSON form of proto3, already parsed.
 *
 * @throws MalformedFrame.
 */
export function clientFrameFromJson(json: unknown): ClientFrame {
  return orMalformed(() =>
    decodeClientFrame(clientFrame.encode(protojson.fromJson(clientFrame, json)).finish()),
  );
}

/**
 * Reads one event in the JSON form of proto3, already parsed.
 *
 * @throws MalformedFrame.
 */
export function pairedEventFromJson(json: unknown): PairedEvent {
  try {
    const bytes = pairedEvent.encode(protojson.fromJson(pairedEvent, json)).finish();
    return plainEvent(pairedEvent.decode(bytes) as unknown as PairedEvent);
  } catch (error) {
    throw new MalformedFrame('This JSON is no event of the schema', { cause: error });
  }
}

/**
 * One event, as it came, in the JSON form of proto3.
 *
 * @throws MalformedFrame.
 */
export function pairedEventToJson(bytes: Uint8Array): unknown {
  try {
    return protojson.toJson(pairedEvent, pairedEvent.decode(bytes));
  } catch (error) {
    throw new MalformedFrame('These bytes are no event of the schema', { cause: error });
  }
}

export function encodeServerFrame(frame: ServerFrame): Uint8Array {
  return serverFrame.encode(serverFrame.create(wireOf(frame))).finish();
}

/** A frame in the JSON form of proto3. */
export function serverFrameToJson(frame: ServerFrame): unknown {
  return protojson.toJson(serverFrame, serverFrame.create(wireOf(frame)));
}

const objectOf = (type: protobuf.Type, message: protobuf.Message): Record<string, unknown> =>
  type.toObject(message, { defaults: true, arrays: true, enums: Number, oneofs: true });

function orMalformed(read: () => ClientFrame): ClientFrame {
  try {
    return read();
  } catch (error) {
    if (error instanceof MalformedFrame) throw error;
    throw new MalformedFrame('These bytes are no frame of the schema', { cause: error });
  }
}

function frameFrom(message: protobuf.Message, bytes: readonly Uint8Array[]): ClientFrame {
  const { frame, pairedBatch } = message as unknown as {
    readonly frame?: string;
    readonly pairedBatch: { readonly events: readonly PairedEvent[] };
  };
  if (frame === 'pairedBatch') {
    const { events } = pairedBatch;
    if (events.length !== bytes.length) throw new MalformedFrame('A batch has events of another form');
    return { kind: 'batch', events: events.map(plainEvent), bytes };
  }
  const found = objectOf(clientFrame, message);
  if (frame === 'login') return { kind: 'login', login: found.login as SessionLogin };
  if (frame === 'mcpInventory') {
    return { kind: 'inventory', servers: (found.mcpInventory as { servers: readonly McpServer[] }).servers };
  }
  throw new MalformedFrame('This frame has nothing in it');
}

function wireOf(frame: ServerFrame): Record<string, unknown> {
  const policy = { ...frame.policy, mode: MODES[frame.policy.mode] };
  if (frame.kind === 'login_ack') return { loginAck: { policy, source: frame.source } };
  const { eventId, sessionId, madCode, status, continueExecution } = frame;
  const hitl = continueExecution === undefined ? {} : { hitl: { continueExecution } };
  return { verdict: { eventId, sessionId, madCode, policy, status: STATUSES[status], ...hitl } };
}
