import { DomainError } from '../../domain/domain-error.ts';
import type { UserId } from '../../domain/identity/ids.ts';
import type { ChatId, StreamId } from '../../domain/streaming/stream-id.ts';
import type { Budget } from '../budget.ts';
import type { AuditTrail } from '../ports/audit-trail.ts';
import type { EventLog } from '../ports/streaming/event-log.ts';
import type { StreamRepository } from '../ports/streaming/stream-repository.ts';
import { summariseLog } from './engine/read-log.ts';
import type { RunningStreams } from './engine/running-streams.ts';
import type { StreamReader } from './engine/stream-reader.ts';
import type { StreamReaders } from './engine/stream-readers.ts';

/** Most chats that a refusal names as observable. */
export const MAX_AVAILABLE_SESSIONS = 100;

/** A running stream as an observer sees it. */
export interface ObservedStream {
  readonly id: StreamId;
  readonly chatId: ChatId;
  readonly modelId: string;
  /** The offset of the chat's last event before the stream's first; 0 for none. */
  readonly before: number;
  /** Events up to this offset happened before the observer came. */
  readonly historyEnd: number;
  readonly events: StreamReader;
}

interface Deps {
  readonly streams: StreamRepository;
  readonly eventLog: EventLog;
  readonly running: RunningStreams;
  /** Observers are counted apart: they are no readers, and keep no stream alive. */
  readonly observers: StreamReaders;
  readonly audit: AuditTrail;
}

/** Lets a supervisor watch a chat's running stream. */
export class ObserveStream {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** @throws DomainError `stream.not_running` with the observable chats, `stream.limit_reached`; PortError. */
  async execute(command: {
    observer: UserId;
    chatId: ChatId;
    requestId: string;
    /** How long the supervisor waits. */
    budget?: Budget;
  }): Promise<ObservedStream> {
    const { streams, eventLog, running, observers, audit } = this.#deps;
    const { observer, chatId, requestId } = command;
    const record = { act: 'stream.observe', actor: observer, object: chatId, requestId };
    const latest = await streams.latestOf(chatId);
    if (latest?.state !== 'running') {
      audit.refuse({ ...record, outcome: 'refused' });
      throw await this.#notRunning();
    }
    const { id, modelId, firstOffset } = latest;
    const historyEnd = running.find(id)?.lastOffset ?? (await summariseLog(eventLog, latest)).lastOffset;
    const events = observers.read({ id, cursor: firstOffset - 1 });
    try {
      await audit.act({ ...record, outcome: 'done' });
      command.budget?.requireTime();
    } catch (error) {
      events.close();
      throw error;
    }
    return { id, chatId, modelId, before: firstOffset - 1, historyEnd, events };
  }

  async #notRunning(): Promise<DomainError> {
    const active = await this.#deps.streams.active();
    const availableSessions = active
      .filter((stream) => stream.state === 'running')
      .slice(0, MAX_AVAILABLE_SESSIONS)
      .map((stream) => stream.chatId);
    return new DomainError('stream.not_running', 'This chat session has no running stream', {
      visible: { availableSessions },
    });
  }
}
