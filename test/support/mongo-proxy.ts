import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { BSON, type Document } from 'mongodb';

/** A command that passes: its name, for one about a collection, which, and all that is in it. */
export interface PassingCommand {
  readonly name: string;
  readonly collection: string;
  readonly body: Document;
}

/**
 * What happens to one command: it passes, or its connection breaks before it or after the server has done it, or its
 * answer comes only once this has resolved.
 */
export type Cut = 'pass' | 'before' | 'after' | Promise<void>;

/** The length, then three numbers of which the last is the kind of message; then flags and the kind of section. */
const HEADER_BYTES = 16;
const BODY_AT = 21;
const OP_MSG = 2_013;
/** The kind of a section that is a list of documents. */
const SEQUENCE = 1;

/** A proxy between a driver and a MongoDB that breaks connections where a test wants it to. */
export class MongoProxy {
  readonly #target: URL;
  readonly #decide: (command: PassingCommand) => Cut;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(target: string, decide: (command: PassingCommand) => Cut) {
    this.#target = new URL(target);
    this.#decide = decide;
    this.#server = createServer((socket) => this.#connected(socket));
  }

  /** Listens on a free port of the loopback and returns the URL. */
  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    const url = new URL(this.#target);
    url.host = `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    return url.href;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #connected(client: Socket): void {
    const server = connect(Number(this.#target.port), this.#target.hostname);
    let losesNext = false;
    let held: Promise<void> = Promise.resolve();
    const both = [client, server];
    for (const socket of both) {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.#sockets.delete(socket);
        for (const one of both) one.destroy();
      });
    }
    eachMessage(client, (message) => {
      const command = commandOf(message);
      const cut = command === undefined ? 'pass' : this.#decide(command);
      if (cut === 'before') client.destroy();
      else {
        losesNext = cut === 'after';
        if (typeof cut !== 'string') held = cut;
        server.write(message);
      }
    });
    eachMessage(server, (message) => {
      if (losesNext) client.destroy();
      else void held.then(() => client.write(message));
    });
  }
}

function eachMessage(socket: Socket, hear: (message: Buffer) => void): void {
  let rest: Buffer = Buffer.alloc(0);
  socket.on('data', (data: Buffer) => {
    rest = Buffer.concat([rest, data]);
    while (rest.length >= HEADER_BYTES && rest.length >= rest.readInt32LE(0)) {
      const length = rest.readInt32LE(0);
      const message = rest.subarray(0, length);
      rest = rest.subarray(length);
      hear(message);
    }
  });
}

function commandOf(message: Buffer): PassingCommand | undefined {
  if (message.readInt32LE(12) !== OP_MSG) return undefined;
  const bodyEnd = BODY_AT + message.readInt32LE(BODY_AT);
  const body = BSON.deserialize(message.subarray(BODY_AT, bodyEnd));
  const [first] = Object.entries(body);
  if (first === undefined) return undefined;
  const sequences = sequencesOf(message, bodyEnd);
  return { name: first[0], collection: String(first[1]), body: { ...body, ...sequences } };
}

/** What a command has behind its body: lists of documents, each after its kind, its size and its name. */
function sequencesOf(message: Buffer, from: number): Document {
  const sequences: Document = {};
  for (let at = from; message[at] === SEQUENCE; ) {
    const end = at + 1 + message.readInt32LE(at + 1);
    const nameEnd = message.indexOf(0, at + 5);
    const documents: Document[] = [];
    for (let next = nameEnd + 1; next < end; next += message.readInt32LE(next)) {
      documents.push(BSON.deserialize(message.subarray(next, next + message.readInt32LE(next))));
    }
    sequences[message.toString('utf8', at + 5, nameEnd)] = documents;
    at = end;
  }
  return sequences;
}
