import type { AgentCloseCode, AgentLine } from './agent-line.ts';
import { type ServerFrame, serverFrameToJson } from './agent-wire.ts';
import { OWNED_BY_OTHER } from './login-refusal.ts';

/** Most EVENTs of a session of which it is not known whether they have come. */
export const MAX_UNCONFIRMED_EVENTS = 10_000;

/** What an agent's session asks of the multiplexed session that carries it; a close ends it behind what was sent. */
export interface MuxWay {
  event(offset: number, bytes: Uint8Array): Promise<void> | undefined;
  confirmed(): Promise<boolean>;
  refuse(code: 'params.invalid' | 'session.owned_by_other' | 'limit.sessions', message: string): void;
  end(code: 1001 | 1002 | 1009 | 1011 | 4029 | 4401 | 4403 | 4502, reason: string): void;
}

/** The way to an agent within a multiplexed session: frames are EVENTs, in the JSON form of proto3. */
export class MuxLine implements AgentLine {
  readonly #way: MuxWay;
  /** Told when there is room again for what was put off. */
  readonly #onRoom: () => void;
  #onRead: () => void = () => undefined;
  #offset: number;
  #unconfirmed = 0;
  #isCongested = false;
  #isFull = false;
  #isClosing = false;

  /** `offset`: of the last EVENT that the client has. */
  constructor(way: MuxWay, offset: number, onRoom: () => void) {
    this.#way = way;
    this.#offset = offset;
    this.#onRoom = onRoom;
  }

  get isClosing(): boolean {
    return this.#isClosing;
  }

  send(frame: ServerFrame): 'sent' | 'full' {
    if (!this.#hasRoom) {
      this.#isFull = true;
      return 'full';
    }
    this.#offset += 1;
    const full = this.#way.event(this.#offset, Buffer.from(JSON.stringify(serverFrameToJson(frame))));
    if (full !== undefined) {
      this.#isCongested = true;
      void full.then(() => {
        this.#isCongested = false;
        this.#tellRoom();
      });
    }
    return 'sent';
  }

  async confirmed(): Promise<boolean> {
    this.#unconfirmed += 1;
    const hasCome = await this.#way.confirmed();
    this.#unconfirmed -= 1;
    this.#tellRoom();
    return hasCome;
  }

  /** Resolves when what has come is acted on and the next is to be read. */
  read(): Promise<void> {
    return new Promise((resolve) => {
      this.#onRead = resolve;
    });
  }

  /** Frames of a session come one after the other anyway. */
  pause(): void {}

  resume(): void {
    this.#onRead();
  }

  close(code: AgentCloseCode, reason: string): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#end(code, reason);
    this.#onRead();
  }

  get #hasRoom(): boolean {
    return !this.#isCongested && this.#unconfirmed < MAX_UNCONFIRMED_EVENTS;
  }

  #tellRoom(): void {
    if (!this.#isFull || !this.#hasRoom) return;
    this.#isFull = false;
    this.#onRoom();
  }

  /** A close of the wire's, as a multiplexed session has it. */
  #end(code: AgentCloseCode, reason: string): void {
    const way = this.#way;
    if (code === 1002) way.refuse('params.invalid', reason);
    if (code === 4003) way.refuse('limit.sessions', reason);
    if (code === 1008 && reason === OWNED_BY_OTHER) way.refuse('session.owned_by_other', reason);
    if (code === 4003) way.end(4029, reason);
    else if (code === 1008) way.end(reason === OWNED_BY_OTHER ? 4403 : 4502, reason);
    else way.end(code, reason);
  }
}
