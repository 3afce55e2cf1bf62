import type { StreamReader } from '../../../../../application/streaming/engine/stream-reader.ts';
import type { ObservedStream, ObserveStream } from '../../../../../application/streaming/observe-stream.ts';
import { DomainError } from '../../../../../domain/domain-error.ts';
import { MuxRefusal } from '../mux-refusal.ts';
import { chatOf, personOf } from './chat-params.ts';
import type { Kind, KindSession, Opening, SessionOut } from './kind.ts';
import { type EventSink, relayEvents } from './relay-events.ts';

/** A supervisor's mirror of a chat's running stream: everything of it as EVENTs, then 4503. */
export const observeKind = (observeStream: ObserveStream): Kind => ({
  name: 'observe',
  permission: 'chat.observe',
  open: async (opening, out) => {
    return new ObserveSession(await observed(observeStream, opening), opening, out);
  },
});

async function observed(observeStream: ObserveStream, opening: Opening): Promise<ObservedStream> {
  const command = {
    observer: personOf(opening).userId,
    chatId: chatOf(opening),
    requestId: opening.requestId,
  };
  try {
    return await observeStream.execute(command);
  } catch (error) {
    if (!(error instanceof DomainError) || error.code !== 'stream.not_running') throw error;
    throw new MuxRefusal('params.invalid', error.message);
  }
}

class ObserveSession implements KindSession {
  readonly recovered: boolean;
  readonly offset: number;
  readonly #events: StreamReader;
  readonly #sink: EventSink;

  /** Another stream may run than the one that the client has seen, of whose rest nothing is shown. */
  constructor(
    { events, before, historyEnd }: ObservedStream,
    { offset, replayed }: Opening,
    out: SessionOut,
  ) {
    this.#events = events;
    const goesOn = offset !== undefined && offset >= before && offset <= historyEnd;
    this.recovered = goesOn || (offset ?? 0) === 0;
    this.offset = goesOn || offset === undefined ? (offset ?? 0) : before;
    this.#sink = { out, replayed };
  }

  begin(): void {
    void relayEvents(this.#events, this.#sink, this.offset).then(
      () => this.#end(),
      () => this.#end(),
    );
  }

  onData(): undefined {
    this.#sink.out.refuse('op.invalid', 'An observer sends nothing');
  }

  close(): void {
    this.#events.close();
  }

  #end(): void {
    if (this.#events.reachedEnd) this.#sink.out.end(4503, 'The stream has ended');
    else this.#sink.out.end(1011, 'The stream goes on elsewhere');
  }
}
