import { type StreamEvent, transcriptOf } from '../../domain/streaming/stream-event.ts';
import type { StreamingSessionState } from '../../domain/streaming/streaming-session.ts';
import type { InspectedLog, InspectedMessage, Page, Seen, StorePicture } from '../ports/store-inspection.ts';
import { type Findings, readableOf } from './findings.ts';

/**
 * Proves that every message stands in a chat, and belongs to a stream of that chat where it names one: to its question or
 * its answer, which stand where the stream does and are there once.
 */
export async function checkMessages(picture: StorePicture, findings: Findings): Promise<void> {
  for await (const rows of findings.readable('messages', picture.messages())) {
    const chats = await picture.chatsOf(rows.map(({ value }) => value.chatId));
    const streams = await picture.streamsOf(rows.flatMap(({ value }) => value.message.streamId ?? []));
    const readable = [...streams.values()].flatMap((stream) => readableOf(stream) ?? []);
    const told = await picture.messagesOf(readable);
    for (const { row, value } of rows) {
      const { chatId, message } = value;
      const { streamId } = message;
      findings.expect(chats.has(chatId), 'message.chat', row, () => `its chat ${chatId} is not there`);
      if (streamId === undefined) continue;
      const found = streams.get(streamId);
      const chatOf = readableOf(found)?.chatId ?? (found === undefined ? undefined : chatId);
      const is = chatOf === undefined ? 'is not there' : `is of chat ${chatOf}`;
      findings.expect(chatOf === chatId, 'message.stream', row, () => `its stream ${streamId} ${is}`);
      if (chatOf !== chatId || readableOf(found) === undefined) continue;
      const isTold = told.get(streamId)?.some((message) => message.row === row) === true;
      findings.expect(
        isTold,
        'message.place',
        row,
        () => `it does not stand where its stream ${streamId} does`,
      );
    }
  }
}

/**
 * Proves that a stream was asked something, and that what it has answered is in its chat: exactly the text of its log for
 * as long as that is kept.
 */
export function checkMessagesOf(
  own: StreamingSessionState,
  row: string,
  seen: { readonly messages: Page<InspectedMessage>; readonly log: Seen<InspectedLog> | undefined },
  findings: Findings,
): void {
  // One that cannot be read back is named where all messages are gone through.
  if (seen.messages.some((message) => !('value' in message))) return;
  const messages = seen.messages.flatMap((message) => readableOf(message)?.message ?? []);
  const asked = messages.filter(({ role }) => role === 'user').length;
  findings.expectEqual(asked, 1, 'stream.question', row, 'the count of messages that ask it');
  const answers = messages.filter(({ role }) => role === 'assistant');
  const expected = answersOf(own, readableOf(seen.log)?.events);
  if (expected === undefined) return;
  findings.expectEqual(answers.length, expected.count, 'stream.answer', row, 'the count of its answers');
  const [answer] = answers;
  if (answer === undefined || expected.count === 0) return;
  findings.expect(
    answer.content === expected.text && answer.streamState === own.end?.kind,
    'stream.answer',
    row,
    () => `its answer in the chat is another than its log has, or says that it was ${answer.streamState}`,
  );
}

/** How many answers a stream has, and their text; undefined where its log is not there to tell. */
function answersOf(
  { end, state }: StreamingSessionState,
  events: readonly StreamEvent[] | undefined,
): { readonly count: number; readonly text: string } | undefined {
  if (end === undefined) return { count: 0, text: '' };
  if (events === undefined || state === 'expired') return undefined;
  const text = transcriptOf(events);
  return { count: text === '' ? 0 : 1, text };
}
