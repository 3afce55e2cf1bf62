import { Duplex } from 'node:stream';
import type { Frame, FrameName, Handle } from '../../../src/adapters/inbound/ws/mux/frame.ts';
import { CONNECTION } from '../../../src/adapters/inbound/ws/mux/frame.ts';
import type { ClientSocket } from '../../../src/adapters/inbound/ws/mux/mux-socket.ts';
import { readMessage } from '../../../src/adapters/inbound/ws/mux/read-message.ts';
import { frameOf } from '../../../src/adapters/inbound/ws/mux/write-frame.ts';
import type { EndingPrincipal } from '../../../src/domain/identity/principal.ts';
import type { MuxFleet } from './mux-fleet.ts';
import type { MuxNode } from './mux-node.ts';

/** The longest that a frame is on its way, in milliseconds. */
const LONGEST_WAY_MS = 200;
/** Bytes of a message's head that is short. */
const SHORT_HEAD = 2;

/** Whoever is at the client's end. */
export interface LinkListener {
  onFrame(frame: Frame): void;
  /** The connection is over. */
  onOver(): void;
}

/** One WebSocket between a client and a node. Each way keeps its order, and whatever is on it is lost with it. */
export class SimulatedLink {
  /** The name that its node has given it. */
  readonly name: string;
  readonly node: MuxNode;
  readonly #fleet: MuxFleet;
  readonly #listener: LinkListener;
  readonly #socket: ClientSocket;
  /** Until when something is on the way there, and back. */
  #thereMs = 0;
  #backMs = 0;
  #isOpen = true;
  #isServerClosed = false;

  constructor(fleet: MuxFleet, node: MuxNode, principal: EndingPrincipal, listener: LinkListener) {
    this.#fleet = fleet;
    this.node = node;
    this.#listener = listener;
    this.#socket = {
      listener: undefined,
      ping: () => this.#back(() => this.#there(() => this.#socket.listener?.onPong())),
      pong: () => undefined,
      close: () => this.#closeByServer(),
      // Whatever is cut by real time has been closed before.
      terminate: () => this.#closeByServer(),
    };
    const write = (bytes: Buffer, _encoding: unknown, done: () => void): void => {
      this.#written(Buffer.from(bytes));
      done();
    };
    const stream = new Duplex({ read: () => undefined, write });
    const parts = { stream, shown: { principal }, requestId: 'request', network: 'network', batch: false };
    this.name = node.connections.add({ socket: this.#socket, ...parts }).name;
    node.process.onDeath(() => this.#fleet.time.after(1, () => this.#over()));
  }

  /** Whether the client's end is open. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  send(handle: Handle | undefined, name: FrameName, payload: unknown): void {
    const bytes = Buffer.isBuffer(payload) ? payload : Buffer.from(JSON.stringify(payload));
    const frame = frameOf(handle ?? CONNECTION, name, bytes);
    this.#there(() => this.#socket.listener?.onMessage(frame, true));
  }

  /** The client goes; its node hears of it behind all that was sent, or, of one who `vanishes`, not at all. */
  cut(vanishes = false): void {
    if (!this.#isOpen) return;
    if (!vanishes) this.#there(() => this.#socket.listener?.onSocketClose());
    this.#isOpen = false;
  }

  /** Something comes to the node, which hears it when it runs. */
  #there(happen: () => void): void {
    if (!this.#isOpen || this.#isServerClosed) return;
    const { time, random } = this.#fleet;
    this.#thereMs = Math.max(this.#thereMs, time.nowMs + random.whole(1, LONGEST_WAY_MS));
    time.after(this.#thereMs - time.nowMs, () => this.node.process.after(0, happen));
  }

  #back(happen: () => void): void {
    if (!this.node.process.isAlive || this.#isServerClosed) return;
    const { time, random } = this.#fleet;
    this.#backMs = Math.max(this.#backMs, time.nowMs + random.whole(1, LONGEST_WAY_MS));
    time.after(this.#backMs - time.nowMs, () => {
      if (this.#isOpen) happen();
    });
  }

  #closeByServer(): void {
    this.#back(() => this.#over());
    this.#isServerClosed = true;
  }

  #over(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#listener.onOver();
  }

  /** The server has written whole messages, each a frame. */
  #written(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; ) {
      const short = bytes.readUInt8(at + 1);
      const isShort = short < 126;
      const start = at + (isShort ? SHORT_HEAD : SHORT_HEAD + 2);
      const end = start + (isShort ? short : bytes.readUInt16BE(at + SHORT_HEAD));
      const deliver = (frame: Frame): boolean => {
        if (this.node.process.isAlive) this.#fleet.said(frame);
        this.#back(() => this.#listener.onFrame(frame));
        return true;
      };
      readMessage(bytes.subarray(start, end), { from: 'server', batch: false }, { deliver });
      at = end;
    }
  }
}
