import { clientFrame } from './agent-schema.ts';
import { BINARY, MASK, maskedMessage } from './raw-web-socket.ts';

/** Digits of an event's number, which stands in its id. */
const DIGITS = 10;
const ID_HEAD = 'event-';
const ZERO = 0x30;
const SCHEMA_VERSION = 2;
/** Where a verdict's number begins: behind the heads of two fields, whose lengths are one byte each, and the id's head. */
const NUMBER_AT = 4 + ID_HEAD.length;
/** The first byte of a frame that is a verdict. */
const VERDICT = 0x12;

const SYSTEM =
  'You are a careful engineer. Use the tools to answer, change nothing that you were not asked to change.';
const TASK =
  'Find out why the build of the reports has become slow since Monday, and tell me in two sentences.';

/** What agents report: each kind is as frequent as it stands here. */
const EVENTS: readonly Record<string, unknown>[] = [
  askingFor('bash', { command: 'git log --since=monday --stat -- reports | head -100' }),
  toolPair('bash', 'git log --since=monday --stat -- reports | head -100'),
  askingFor('read_file', { path: 'reports/build.ts', from: 1, lines: 200 }),
  toolPair('read_file', 'reports/build.ts'),
  askingFor('bash', { command: 'rm -rf / --no-preserve-root' }),
];

/** A model that asks for one tool, with its conversation so far. */
function askingFor(name: string, args: unknown): Record<string, unknown> {
  return {
    pairType: 1,
    llm: {
      model: 'gpt-9',
      messages: [
        { role: 'system', content: SYSTEM },
        { role: 'user', content: TASK },
      ],
      output: 'I look at what has changed since then before I run anything.',
      toolCalls: [{ name, args: JSON.stringify(args), id: 'call-1' }],
      usage: { promptTokens: 412, completionTokens: 38, totalTokens: 450 },
    },
  };
}

function toolPair(toolName: string, input: string): Record<string, unknown> {
  const output = ' reports/build.ts | 14 ++++++++------\n reports/index.ts |  3 +++\n'.repeat(6);
  return { pairType: 2, tool: { toolName, toolCallId: 'call-1', input, output } };
}

/** The login of a session, as it goes over the wire. */
export const loginMessage = (sessionId: string): Buffer =>
  messageOf({ login: { sessionId, schemaVersion: SCHEMA_VERSION, source: 'sdk' } }).message;

/** An event of a session as it goes over the wire, and where its number stands. */
interface Prepared {
  readonly message: Buffer;
  /** Where the number begins, and where in the payload that is, which decides on the mask. */
  readonly at: number;
  readonly payloadAt: number;
}

/** The events of one session, made and masked beforehand but for their numbers. */
export class PreparedEvents {
  readonly #prepared: readonly Prepared[];

  constructor(sessionId: string) {
    this.#prepared = EVENTS.map((event) => prepare(sessionId, event));
  }

  /** The message of the event with a number, which says what kind it is of. */
  message(number: number): Buffer {
    const { message, at, payloadAt } = this.#prepared[number % this.#prepared.length] as Prepared;
    const numbered = Buffer.from(message);
    let rest = number;
    for (let digit = DIGITS - 1; digit >= 0; digit -= 1) {
      numbered[at + digit] = (ZERO + (rest % 10)) ^ (MASK[(payloadAt + digit) % MASK.length] ?? 0);
      rest = Math.floor(rest / 10);
    }
    return numbered;
  }
}

function prepare(sessionId: string, event: Record<string, unknown>): Prepared {
  const { message, payload } = messageOf({
    pairedBatch: {
      events: [
        {
          eventId: ID_HEAD + '0'.repeat(DIGITS),
          invocationId: 'invocation-1',
          sessionId,
          runId: `run-of-${sessionId}`,
          timestamp: '2026-01-05T09:00:00.000Z',
          agent: { agentId: 'reporter', systemPrompt: SYSTEM, userInstruction: TASK },
          source: 'sdk',
          ...event,
        },
      ],
    },
  });
  const payloadAt = payload.indexOf(ID_HEAD) + ID_HEAD.length;
  return { message, payloadAt, at: message.length - payload.length + payloadAt };
}

function messageOf(frame: Record<string, unknown>): { readonly message: Buffer; readonly payload: Buffer } {
  const payload = Buffer.from(clientFrame.encode(clientFrame.fromObject(frame)).finish());
  return { message: maskedMessage(BINARY, payload), payload };
}

/** The number of the event that a frame from the server judges; undefined when it is no verdict. */
export function verdictOn(bytes: Buffer, start: number): number | undefined {
  if (bytes[start] !== VERDICT) return undefined;
  let number = 0;
  for (let digit = 0; digit < DIGITS; digit += 1)
    number = number * 10 + (bytes[start + NUMBER_AT + digit] ?? 0) - ZERO;
  return number;
}
