import { connect, type Socket } from 'node:net';
import { WebSocket } from 'ws';

/** What became of the cuts of one reader. */
export interface CutTally {
  cuts: number;
  lost: number;
  twice: number;
  /** From the reconnect to the first replayed event, in milliseconds, for cuts that missed something. */
  readonly replayMs: number[];
}

/** Checks that offsets arrive consecutively, whatever the connection. */
export class OffsetCheck {
  #last: number;
  readonly #tally: CutTally;

  constructor(tally: CutTally, last = 0) {
    this.#tally = tally;
    this.#last = last;
  }

  get last(): number {
    return this.#last;
  }

  take(offset: number): void {
    if (offset <= this.#last) this.#tally.twice += 1;
    else this.#tally.lost += offset - this.#last - 1;
    this.#last = Math.max(this.#last, offset);
  }
}

/** One connection of a reader; `cut` drops it without a word. */
export interface Connection {
  readonly firstEventMs: Promise<number>;
  cut(): void;
}

/** Opens an event stream on a bare socket; `onEnd` is called once the stream's last event has come. */
export function openSse(
  port: number,
  request: string,
  check: OffsetCheck,
  onEnd: () => void,
): Connection & { readonly socket: Socket } {
  const openedAt = performance.now();
  let first: (ms: number) => void = () => {};
  const firstEventMs = new Promise<number>((resolve) => {
    first = resolve;
  });
  let buffered = '';
  const socket = connect(port, '127.0.0.1', () => socket.write(request));
  socket.setNoDelay(true);
  socket.setEncoding('latin1');
  socket.on('error', () => {});
  socket.on('data', (text: string) => {
    buffered += text;
    const end = buffered.lastIndexOf('\n\n');
    if (end === -1) return;
    const whole = buffered.slice(0, end + 2);
    buffered = buffered.slice(end + 2);
    for (const match of whole.matchAll(/^id: (\d+)$/gm)) {
      first(performance.now() - openedAt);
      check.take(Number(match[1]));
    }
    if (/^event: (done|error)$/m.test(whole)) onEnd();
  });
  return { firstEventMs, socket, cut: () => socket.destroy() };
}

/** A Socket.IO session on its own wire protocol, resumed by its private id and last offset. */
export class SocketIoSession {
  readonly #port: number;
  readonly #check: OffsetCheck;
  #pid = '';
  #cursor = '';

  constructor(port: number, check: OffsetCheck) {
    this.#port = port;
    this.#check = check;
  }

  open(): Connection {
    const openedAt = performance.now();
    let first: (ms: number) => void = () => {};
    const firstEventMs = new Promise<number>((resolve) => {
      first = resolve;
    });
    const socket = new WebSocket(`ws://127.0.0.1:${this.#port}/socket.io/?EIO=4&transport=websocket`);
    socket.on('error', () => {});
    socket.on('message', (data) => {
      const packet = String(data);
      if (packet === '2') socket.send('3');
      else if (packet.startsWith('0')) {
        socket.send(
          this.#pid === '' ? '40' : `40${JSON.stringify({ pid: this.#pid, offset: this.#cursor })}`,
        );
      } else if (packet.startsWith('40')) this.#pid = (JSON.parse(packet.slice(2)) as { pid: string }).pid;
      else if (packet.startsWith('42')) {
        const [, body, cursor] = JSON.parse(packet.slice(2)) as [string, { offset: number }, string];
        first(performance.now() - openedAt);
        this.#cursor = cursor;
        this.#check.take(body.offset);
      }
    });
    return { firstEventMs, cut: () => socket.terminate() };
  }
}
