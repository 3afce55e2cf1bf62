import type { Kind, KindSession, SessionOut } from '../../../src/adapters/inbound/ws/mux/kinds/kind.ts';
import type { MuxSession } from '../../../src/adapters/inbound/ws/mux/mux-session.ts';
import type { SubscriberId } from '../../../src/domain/multiplexing/subscriber-id.ts';

/** One message of a session's, at its place. */
export interface KeptMessage {
  readonly offset: number;
  readonly text: string;
}

/** What was said in each session, in its order. */
export class MessageLog {
  readonly #kept = new Map<SubscriberId, string[]>();

  /** Keeps a message at the next place, or says that it is kept already. Idempotent by its text. */
  async append(id: SubscriberId, text: string): Promise<void> {
    const kept = this.#kept.get(id) ?? [];
    if (!kept.includes(text)) kept.push(text);
    this.#kept.set(id, kept);
  }

  /** What stands behind a place; places begin at 1. */
  async read(id: SubscriberId, after: number): Promise<readonly KeptMessage[]> {
    const kept = this.#kept.get(id) ?? [];
    return kept.slice(after).map((text, at) => ({ offset: after + at + 1, text }));
  }

  /** What stands at a place. */
  at(id: SubscriberId, offset: number): string | undefined {
    return this.#kept.get(id)?.[offset - 1];
  }
}

/** Told whenever a session does something: which of its copies, and by that in which epoch. */
export interface DeedWatch {
  acts(session: MuxSession): void;
  sends(session: MuxSession): void;
}

/** A kind whose sessions keep what their clients say, and tell it them at its place, which is how they acknowledge it. */
export const messageLogKind = (log: MessageLog, watch: DeedWatch): Kind => ({
  name: 'log',
  permission: 'mux.open',
  open: async ({ offset = 0 }, out) => {
    const session = new LogSession(log, watch, out, offset);
    await session.read();
    return session;
  },
});

class LogSession implements KindSession {
  readonly recovered = true;
  readonly offset: number;
  readonly #log: MessageLog;
  readonly #watch: DeedWatch;
  readonly #out: SessionOut;
  #sent: number;
  #read: readonly KeptMessage[] = [];
  #isClosed = false;
  #last: Promise<void> = Promise.resolve();

  constructor(log: MessageLog, watch: DeedWatch, out: SessionOut, offset: number) {
    this.#log = log;
    this.#watch = watch;
    this.#out = out;
    this.offset = offset;
    this.#sent = offset;
  }

  get #session(): MuxSession {
    return this.#out as MuxSession;
  }

  async read(): Promise<void> {
    this.#read = await this.#log.read(this.#session.id, this.#sent);
  }

  begin(): void {
    this.#tell();
  }

  /** Of what could not be kept nothing is said: its client sends it again. */
  async onData(bytes: Buffer): Promise<void> {
    const text = bytes.toString();
    this.#watch.acts(this.#session);
    this.#last = this.#last.then(async () => {
      await this.#log.append(this.#session.id, text);
      await this.read();
      this.#tell();
    });
    this.#last = this.#last.catch(() => undefined);
    await this.#last;
  }

  close(): void {
    this.#isClosed = true;
  }

  #tell(): void {
    for (const { offset, text } of this.#read) {
      if (this.#isClosed || offset !== this.#sent + 1) continue;
      this.#watch.sends(this.#session);
      this.#sent = offset;
      void this.#out.event(offset, Buffer.from(text));
    }
    this.#read = [];
  }
}
