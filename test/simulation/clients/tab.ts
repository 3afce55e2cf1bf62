import { PortError } from '../../../src/application/ports/port-error.ts';
import type { StreamReader } from '../../../src/application/streaming/engine/stream-reader.ts';
import { DomainError } from '../../../src/domain/domain-error.ts';
import type { UserId } from '../../../src/domain/identity/ids.ts';
import { chunkText, type StreamEvent } from '../../../src/domain/streaming/stream-event.ts';
import type { ChatId, StreamId } from '../../../src/domain/streaming/stream-id.ts';
import type { SimulatedNode } from '../world/simulated-node.ts';
import type { World } from '../world/world.ts';

/** A tab comes back this soon after it has lost its connection, at the longest, in milliseconds. */
const COMES_BACK_WITHIN_MS = 3_000;
/** A tab that has heard nothing of its request for so long gives it up, in milliseconds. */
const GIVES_UP_AFTER_MS = 20_000;

interface Connection {
  readonly node: SimulatedNode;
  readonly reader: StreamReader;
  isOpen: boolean;
}

/** One reader of a chat, who comes back with his cursor and must never see a gap, a repeat or an event that is not stored. */
export class Tab {
  readonly owner: UserId;
  readonly chatId: ChatId;
  readonly name: string;
  readonly #world: World;
  /** How long it takes over what it was given, at the longest, in milliseconds. */
  readonly #slowMs: number;
  #cursor: number | undefined;
  #connection: Connection | undefined;
  #asking: object | undefined;
  /** What it has read of the stream that it read last. */
  #streamId: StreamId | undefined;
  #text = '';

  constructor(world: World, name: string, owner: UserId, chatId: ChatId) {
    this.#world = world;
    this.name = name;
    this.owner = owner;
    this.chatId = chatId;
    this.#slowMs = world.random.pick([0, 0, 20, 3_000]);
  }

  get isConnected(): boolean {
    return this.#connection !== undefined || this.#asking !== undefined;
  }

  /** Whether it has read everything that was ever stored in its chat. */
  get isAtEnd(): boolean {
    return this.#cursor === undefined || this.#cursor >= this.#world.streamInvariants.lastOffset(this.chatId);
  }

  /** The stream that it read last, with the text that it has of it. */
  get read(): { readonly id: StreamId; readonly text: string } | undefined {
    return this.#streamId === undefined ? undefined : { id: this.#streamId, text: this.#text };
  }

  /** Reads what an answer brings. */
  connect(node: SimulatedNode, reader: StreamReader): void {
    this.drop();
    const connection: Connection = { node, reader, isOpen: true };
    this.#connection = connection;
    node.process.onDeath(() => this.#lose(connection));
    void this.#consume(connection);
  }

  /** Closes its connection; the node learns it when it runs. */
  drop(): void {
    const connection = this.#connection;
    if (connection === undefined) return;
    this.#connection = undefined;
    connection.isOpen = false;
    connection.node.process.after(1, () => void connection.reader.return());
  }

  /** Asks a node for what comes after its cursor. */
  async follow(node: SimulatedNode): Promise<void> {
    if (this.isConnected || !node.isServing) return;
    const asking = {};
    this.#asking = asking;
    this.#world.time.after(GIVES_UP_AFTER_MS, () => {
      if (this.#asking !== asking) return;
      this.#asking = undefined;
      this.#comeBack();
    });
    const cursor = this.#cursor;
    const lastOffset = this.#world.streamInvariants.lastOffset(this.chatId);
    try {
      const { owner, chatId } = this;
      const found = await node.followStream.execute({
        owner,
        chatId,
        ...(cursor === undefined ? {} : { cursor }),
      });
      if (this.#asking !== asking) {
        if (found.kind === 'following') found.events.close();
        return;
      }
      this.#asking = undefined;
      if (found.kind === 'following') this.connect(node, found.events);
      else if (found.kind === 'lost') this.#isLost(found.event);
      else this.#hasNothing(cursor ?? 0, lastOffset);
    } catch (error) {
      if (this.#asking === asking) this.#asking = undefined;
      this.#world.journal.examine(error, `${this.name} follows`);
      if (error instanceof PortError) this.#comeBack();
      else if (!(error instanceof DomainError)) throw error;
    }
  }

  async #consume(connection: Connection): Promise<void> {
    const { random } = this.#world;
    for (;;) {
      const step = await connection.reader.next().catch((error: unknown) => this.#broken(connection, error));
      if (!connection.isOpen) return;
      if (step.done) {
        this.#connection = undefined;
        connection.isOpen = false;
        if (!connection.reader.reachedEnd) this.#comeBack();
        return;
      }
      for (const event of step.value) {
        this.#take(event);
        if (!random.chance(this.#world.connectionLosses)) continue;
        this.drop();
        this.#comeBack();
        return;
      }
      if (this.#slowMs > 0) await connection.node.process.sleep(random.whole(0, this.#slowMs));
    }
  }

  /** A log that cannot be read ends the connection, as the wire does. */
  #broken(connection: Connection, error: unknown): { done: true } {
    this.#world.journal.examine(error, `${this.name} reads`);
    connection.reader.close();
    return { done: true };
  }

  #take(event: StreamEvent): void {
    const { journal, streamInvariants } = this.#world;
    const told = `${this.name} reads event ${event.offset} (${event.type}) of ${this.chatId}`;
    const stored = streamInvariants.eventAt(this.chatId, event.offset);
    journal.expect(
      stored?.event.json === event.json && stored.event.type === event.type,
      () => `${told}, which is not stored`,
    );
    const follows = this.#cursor === undefined ? event.type === 'session' : event.offset === this.#cursor + 1;
    journal.expect(follows, () => `${told} after event ${this.#cursor}`);
    journal.write(told);
    this.#cursor = event.offset;
    if (event.type === 'session') this.#text = '';
    this.#streamId = stored?.stream.session.id;
    this.#text += chunkText(event);
  }

  /** That there is nothing is true only for who has everything, or when what he lacks is not kept. */
  #hasNothing(cursor: number, lastOffset: number): void {
    const { journal, streamInvariants } = this.#world;
    if (lastOffset <= cursor) return;
    const next = streamInvariants.eventAt(this.chatId, lastOffset)?.stream.session.state;
    journal.expect(
      next === 'expired' || streamInvariants.isRemoved(this.chatId),
      () =>
        `${this.name} is told that nothing comes after ${cursor} of ${this.chatId}, where ${lastOffset} is stored`,
    );
  }

  /** A gap is told only when what follows the cursor is not kept. */
  #isLost(event: StreamEvent): void {
    const { journal, streamInvariants } = this.#world;
    const missing = streamInvariants.eventAt(this.chatId, (this.#cursor ?? 0) + 1);
    journal.expect(
      missing?.stream.session.state === 'expired' || streamInvariants.isRemoved(this.chatId),
      () => `${this.name} is told that what follows ${this.#cursor} of ${this.chatId} is lost`,
    );
    journal.write(`${this.name} is told of a gap after ${this.#cursor} up to ${event.offset}`);
    this.#cursor = event.offset;
    this.#streamId = undefined;
    this.#text = '';
  }

  #lose(connection: Connection): void {
    if (!connection.isOpen) return;
    connection.isOpen = false;
    if (this.#connection === connection) this.#connection = undefined;
    this.#comeBack();
  }

  #comeBack(): void {
    const { time, random } = this.#world;
    time.after(random.whole(100, COMES_BACK_WITHIN_MS), () => {
      const node = this.#world.someNode();
      if (node === undefined) this.#comeBack();
      else void this.follow(node);
    });
  }
}
