import type { ChatMessage } from '../../../../domain/streaming/chat-session.ts';
import type { ChatId } from '../../../../domain/streaming/stream-id.ts';
import type { WriterDatabase } from '../operation.ts';

/** Adds a message at the end of a chat. Returns its place in the table. */
export function insertMessage(db: WriterDatabase, chatId: ChatId, message: ChatMessage): number {
  const { lastInsertRowid } = db
    .prepare(
      `INSERT INTO messages (chat_id, role, content, timestamp_ms, stream_id, stream_state)
       VALUES (?, ?, ?, ?, ?, ?)`,
    )
    .run(
      chatId,
      message.role,
      message.content,
      message.timestampMs,
      message.streamId ?? null,
      message.streamState ?? null,
    );
  return Number(lastInsertRowid);
}
