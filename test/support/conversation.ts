import { expect } from 'chai';
import { bytesOf, type IndependentMux, type PlainFrame } from './independent-mux.ts';

/** One step of a conversation in docs/vectors/mux-conversations.json. */
export interface Step {
  readonly connect?: string;
  readonly subprotocol?: string;
  readonly as?: 'user' | 'other' | 'agent' | 'other agent';
  readonly operator?: string;
  readonly on?: string;
  readonly from?: 'client' | 'server';
  readonly cut?: true;
  readonly closesWith?: number;
  readonly text?: string;
  readonly hex?: string;
  readonly fill?: Fill;
  readonly repeat?: { readonly times: number; readonly hex: string; readonly fill?: Fill };
  readonly frame?: PlainFrame;
  readonly varies?: readonly string[];
  readonly until?: { readonly name: string; readonly json: Readonly<Record<string, unknown>> };
}
interface Fill {
  readonly byte: string;
  readonly times: number;
}
export interface Conversation {
  readonly name: string;
  /** What stands for a value that server or user choose. */
  readonly chosen: Readonly<Record<string, string>>;
  readonly steps: readonly Step[];
}

type Came = Awaited<ReturnType<IndependentMux['next']>>;

const filled = (fill: Fill | undefined): Buffer =>
  fill === undefined ? Buffer.alloc(0) : Buffer.alloc(fill.times, Buffer.from(fill.byte, 'hex'));

/** The message of a step, as it stands in the file. */
export function messageOf({ hex = '', fill, repeat }: Step): Buffer {
  const pieces = Array.from({ length: repeat?.times ?? 0 }, () => [
    Buffer.from(repeat?.hex ?? '', 'hex'),
    filled(repeat?.fill),
  ]);
  return Buffer.concat([Buffer.from(hex, 'hex'), filled(fill), ...pieces.flat()]);
}

/** Leads a conversation with a server, and finds it as it stands in the file but for what may vary. */
export class Talk {
  readonly #connect: (step: Step) => Promise<IndependentMux>;
  readonly #operate: () => unknown;
  readonly #connections = new Map<string, IndependentMux>();
  readonly #chosen: Readonly<Record<string, string>>;
  /** What the values in the file stand for, as far as it is known. */
  readonly #actual: Map<string, string>;

  constructor(
    { chosen }: Conversation,
    parts: {
      readonly connect: (step: Step) => Promise<IndependentMux>;
      readonly operate: () => unknown;
      readonly known: Readonly<Record<string, string>>;
    },
  ) {
    this.#chosen = chosen;
    this.#connect = parts.connect;
    this.#operate = parts.operate;
    this.#actual = new Map(Object.entries(parts.known));
  }

  async step(step: Step): Promise<void> {
    if (step.operator !== undefined) this.#operate();
    else if (step.connect !== undefined) this.#connections.set(step.connect, await this.#connect(step));
    else if (step.cut) await this.#on(step).cut();
    else if (step.from === 'client') this.#on(step).send(this.#outgoing(step));
    else if (step.closesWith !== undefined) expect(await this.#on(step).closed()).to.equal(step.closesWith);
    else if (step.until !== undefined) await this.#waitFor(step, step.until);
    else await this.#expectFrame(step, step.frame as PlainFrame);
  }

  async end(): Promise<void> {
    for (const connection of this.#connections.values()) await connection.cut();
  }

  #on({ on = '' }: Step): IndependentMux {
    return this.#connections.get(on) as IndependentMux;
  }

  /** The message with what was chosen this time. */
  #outgoing(step: Step): Buffer | string {
    if (step.text !== undefined) return step.text;
    if (step.frame !== undefined && step.fill === undefined) return bytesOf(this.#replaced(step.frame));
    // Handles are in the hexadecimal itself, and as long as others.
    return Buffer.from(this.#replaced(messageOf(step).toString('hex')), 'hex');
  }

  #replaced<Value>(value: Value): Value {
    let text = JSON.stringify(value);
    for (const [recorded, actual] of this.#actual) text = text.replaceAll(recorded, actual);
    return JSON.parse(text) as Value;
  }

  async #expectFrame(step: Step, expected: PlainFrame): Promise<void> {
    const came = await this.#on(step).next();
    const said = `${came.name} ${came.payload.toString().slice(0, 300)}`;
    expect(came.name, said).to.equal(expected.name);
    const offset = expected.offset === undefined ? 0 : 8;
    if (expected.offset !== undefined)
      expect(Number(came.payload.readBigUInt64BE())).to.equal(expected.offset);
    const body = came.payload.subarray(offset);
    if (expected.json === undefined) {
      const bytes = Buffer.from(this.#replaced(messageOf(step).toString('hex')), 'hex').subarray(9);
      expect(body.equals(bytes), said).to.equal(true);
    } else this.#expectJson(JSON.parse(body.toString()), expected.json, step.varies ?? []);
    expect(came.handle).to.equal(this.#replaced(expected.handle));
  }

  /** Finds the JSON of the file, learns what was chosen, and passes over what may vary and what is more. */
  #expectJson(came: unknown, expected: unknown, varies: readonly string[], path = ''): void {
    if (varies.includes(path)) return;
    if (typeof expected === 'object' && expected !== null && !Array.isArray(expected)) {
      for (const [name, value] of Object.entries(expected)) {
        const member = (came as Record<string, unknown> | undefined)?.[name];
        this.#expectJson(member, value, varies, path === '' ? name : `${path}.${name}`);
      }
      return;
    }
    const isChosen = typeof expected === 'string' && Object.hasOwn(this.#chosen, expected);
    if (isChosen && !this.#actual.has(expected)) this.#actual.set(expected, String(came));
    expect(came, path).to.deep.equal(isChosen ? this.#actual.get(expected) : expected);
  }

  /** Passes over frames up to one, which stays to be looked at where a step for it follows. */
  async #waitFor(step: Step, wanted: NonNullable<Step['until']>): Promise<void> {
    const connection = this.#on(step);
    for (;;) {
      const came = await connection.next();
      if (!isOf(came, wanted)) continue;
      connection.putBack(came);
      return;
    }
  }
}

function isOf({ name, payload }: Came, wanted: NonNullable<Step['until']>): boolean {
  if (name !== wanted.name) return false;
  const json = JSON.parse(payload.subarray(name === 'EVENT' ? 8 : 0).toString());
  return Object.entries(wanted.json).every(([member, value]) => json[member] === value);
}
