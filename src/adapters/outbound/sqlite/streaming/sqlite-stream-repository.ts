import type { SettlementIntent } from '../../../../application/ports/accounting/credit-holds.ts';
import type {
  ClaimOutcome,
  LogEnd,
  Seal,
  StreamRepository,
} from '../../../../application/ports/streaming/stream-repository.ts';
import type { UserId } from '../../../../domain/identity/ids.ts';
import { invariant } from '../../../../domain/invariant.ts';
import { eventLine } from '../../../../domain/streaming/event-lines.ts';
import type { NodeId } from '../../../../domain/streaming/node-id.ts';
import type { StreamEvent } from '../../../../domain/streaming/stream-event.ts';
import type { ChatId, StreamId } from '../../../../domain/streaming/stream-id.ts';
import type { StreamingSessionState } from '../../../../domain/streaming/streaming-session.ts';
import type { SqliteStore } from '../sqlite-store.ts';
import { eventGroup } from './event-text.ts';
import type { RunningLogs } from './running-logs.ts';
import type { Claim, SealInput } from './stream-operations.ts';
import { STREAM_COLUMNS, type StreamRow, sessionFrom } from './stream-rows.ts';

const ACTIVE = `state IN ('opening', 'running')`;
const READABLE = `state NOT IN ('opening', 'expired')`;

/** Streaming sessions in SQLite. */
export class SqliteStreamRepository implements StreamRepository {
  readonly #store: SqliteStore;
  readonly #logs: RunningLogs;
  /** Streams that have a room of their owner's: this process's, which is the only one; bounded by the users' rooms. */
  readonly #roomed = new Map<StreamId, UserId>();

  constructor(store: SqliteStore, logs: RunningLogs) {
    this.#store = store;
    this.#logs = logs;
  }

  claim(claim: Claim): Promise<ClaimOutcome> {
    return this.#store.write('streaming.claim', claim, 'full');
  }

  async activate(session: StreamingSessionState, first: StreamEvent): Promise<boolean> {
    invariant(first.offset === session.firstOffset, 'a stream begins at its first offset');
    while (this.#logs.get(session.id)?.isRunning === false) await this.#logs.get(session.id)?.idle();
    if (this.#logs.get(session.id) !== undefined) return false;
    const batchId = this.#logs.takeBatchId();
    const log = this.#logs.begin(session.id, batchId);
    const line = eventLine(first);
    const input = { session, batchId, body: eventGroup(log.heading, first.offset, line) };
    try {
      const written = this.#store.write<boolean>('streaming.activate', input, 'full');
      log.isRunning = await log.during(written);
    } finally {
      if (!log.isRunning) this.#logs.drop(session.id);
    }
    if (log.isRunning) log.events.append(first.offset, 1, line);
    return log.isRunning;
  }

  abandon(id: StreamId, intent?: SettlementIntent): Promise<void> {
    return this.#store.write('streaming.abandon', { id, intent }, 'full', 'essential');
  }

  findOwned(
    owner: UserId,
    chatId: ChatId,
    id: StreamId,
  ): Promise<{ readonly session: StreamingSessionState; readonly newestOfChat: StreamId } | undefined> {
    return this.#store.read((db) => {
      const row = db
        .prepare(
          `SELECT ${STREAM_COLUMNS}, (SELECT newest.id FROM streams AS newest
             WHERE newest.chat_id = streams.chat_id AND newest.state <> 'opening' ORDER BY newest.seq DESC LIMIT 1
           ) AS newest_of_chat
           FROM streams WHERE id = ? AND owner = ? AND chat_id = ?`,
        )
        .get(id, owner, chatId) as unknown as (StreamRow & { newest_of_chat: string | null }) | undefined;
      if (row === undefined) return undefined;
      return { session: sessionFrom(row), newestOfChat: (row.newest_of_chat ?? row.id) as StreamId };
    });
  }

  whereabouts(id: StreamId): Promise<'foreign' | 'unknown'> {
    return this.#store.read((db) =>
      db.prepare('SELECT 1 FROM streams WHERE id = ?').get(id) === undefined ? 'unknown' : 'foreign',
    );
  }

  latestOf(chatId: ChatId): Promise<StreamingSessionState | undefined> {
    return this.#one(`chat_id = ? AND ${READABLE} ORDER BY seq DESC LIMIT 1`, chatId);
  }

  tombstoneOf(chatId: ChatId): Promise<StreamingSessionState | undefined> {
    return this.#one(`chat_id = ? AND state = 'expired' ORDER BY seq DESC LIMIT 1`, chatId);
  }

  streamAt(chatId: ChatId, offset: number): Promise<StreamingSessionState | undefined> {
    return this.#one(
      `chat_id = ? AND ${READABLE} AND first_offset <= ? ORDER BY seq DESC LIMIT 1`,
      chatId,
      offset,
    );
  }

  logEnd(chatId: ChatId): Promise<LogEnd> {
    return this.#store.read((db) => {
      const found = db
        .prepare(
          `SELECT last_offset, EXISTS (
             SELECT 1 FROM streams WHERE chat_id = chats.id AND state = 'running'
           ) AS is_running FROM chats WHERE id = ?`,
        )
        .get(chatId);
      return { lastOffset: Number(found?.last_offset ?? 0), isRunning: found?.is_running === 1 };
    });
  }

  active(owner?: UserId): Promise<readonly StreamingSessionState[]> {
    return owner === undefined
      ? this.#all(`${ACTIVE} ORDER BY seq`)
      : this.#all(`${ACTIVE} AND owner = ? ORDER BY seq`, owner);
  }

  drivers(): Promise<readonly NodeId[]> {
    return this.#store.read((db) =>
      db
        .prepare(`SELECT DISTINCT node FROM streams WHERE ${ACTIVE}`)
        .all()
        .map(({ node }) => node as NodeId),
    );
  }

  drivenBy(node: NodeId): Promise<readonly StreamingSessionState[]> {
    return this.#all(`${ACTIVE} AND node = ? ORDER BY seq`, node);
  }

  async takeRoom(
    { id, owner }: Pick<StreamingSessionState, 'id' | 'owner'>,
    rooms: number,
  ): Promise<boolean> {
    const active = new Map((await this.active(owner)).map((session) => [session.id, session.state]));
    for (const [roomed, user] of this.#roomed) {
      if (user === owner && !active.has(roomed)) this.#roomed.delete(roomed);
    }
    const taken = [...active].filter(([other, state]) => state === 'running' || this.#roomed.has(other));
    if (taken.length >= rooms && !this.#roomed.has(id)) return false;
    this.#roomed.set(id, owner);
    return true;
  }

  wishStop(id: StreamId): Promise<boolean> {
    return this.#store.write('streaming.wish-stop', id, 'full', 'essential');
  }

  stopsWished(node: NodeId): Promise<readonly StreamId[]> {
    return this.#store.read((db) =>
      db
        .prepare(
          `SELECT id FROM streams WHERE node = ? AND stop_wished = 1 AND state = 'running' ORDER BY seq`,
        )
        .all(node)
        .map(({ id }) => id as StreamId),
    );
  }

  async seal({ session, terminal, intent, message }: Seal): Promise<'sealed' | 'lost'> {
    invariant(session.end?.lastOffset === terminal.offset, 'an end is at the offset of its event');
    const log = this.#logs.get(session.id);
    while (log?.busy !== undefined) await log.idle();
    if (log === undefined || !log.isRunning || log.nextOffset !== terminal.offset) return 'lost';
    const input: SealInput = {
      session,
      intent,
      ...(message === undefined ? {} : { message }),
      log: log.events.text() + eventLine(terminal),
    };
    const written = this.#store.write<boolean>('streaming.seal', input, 'full', 'essential');
    const ended = await log.during(
      written.then((sealed) => {
        if (sealed) log.isRunning = false;
        return sealed;
      }),
    );
    if (!ended) return 'lost';
    this.#logs.drop(session.id);
    void this.#logs.prune();
    return 'sealed';
  }

  accept(session: StreamingSessionState, expected: StreamingSessionState['state']): Promise<boolean> {
    return this.#store.write('streaming.accept', { session, expected }, 'full');
  }

  pendingIntents(limit: number): Promise<readonly SettlementIntent[]> {
    return this.#store.read((db) =>
      db
        .prepare('SELECT intent FROM settlement_intents ORDER BY seq LIMIT ?')
        .all(limit)
        .map(({ intent }) => JSON.parse(String(intent)) as SettlementIntent),
    );
  }

  acknowledgeIntent(id: StreamId): Promise<void> {
    return this.#store.write('streaming.acknowledge-intent', id, 'full');
  }

  expireEnded(endedBeforeMs: number, limit: number): Promise<number> {
    return this.#store.write('streaming.expire-ended', { endedBeforeMs, limit }, 'full');
  }

  async #one(
    where: string,
    ...values: ReadonlyArray<string | number>
  ): Promise<StreamingSessionState | undefined> {
    return (await this.#all(where, ...values))[0];
  }

  #all(where: string, ...values: ReadonlyArray<string | number>): Promise<readonly StreamingSessionState[]> {
    return this.#store.read((db) => {
      const rows = db.prepare(`SELECT ${STREAM_COLUMNS} FROM streams WHERE ${where}`).all(...values);
      return (rows as unknown as readonly StreamRow[]).map(sessionFrom);
    });
  }
}
