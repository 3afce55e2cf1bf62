import { type Asked, problem, type Told } from './asked.ts';
import { type MemoryChat, type MemoryStream, textOf } from './memory-state.ts';
import { end } from './stream-routes.ts';

const WELL_FORMED =
  /^stream-[1-9][0-9]*-[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** Takes the client's receipt. */
export function update(asked: Asked, chat: MemoryChat): Told {
  const newest = chat.streams.at(-1);
  if (!isAccepted(asked, chat, newest)) return refusal(asked, chat, newest);
  const stream = chat.streams.find(({ id }) => id === asked.body.streamingSessionId) ?? newest;
  if (stream === undefined) return { status: 200, body: { receipt: 'exact' } };
  return stream.receipt === undefined ? accept(asked, chat, stream) : repeat(asked, stream, stream.receipt);
}

/** The id rule, with the hole of the lie that is told. */
function isAccepted(
  { body, lies, state }: Asked,
  chat: MemoryChat,
  newest: MemoryStream | undefined,
): boolean {
  const claimed = body.streamingSessionId;
  if (newest !== undefined && claimed === newest.id) return true;
  if (claimed === undefined) return lies('accepts a missing id');
  if (typeof claimed !== 'string') return false;
  if (newest !== undefined && lies('folds the case of an id') && claimed.toLowerCase() === newest.id)
    return true;
  if (newest !== undefined && lies('trims an id') && claimed.trim() === newest.id) return true;
  if (!WELL_FORMED.test(claimed)) return claimed !== '' && lies('accepts an ill-formed id');
  if (newest === undefined) return lies('accepts any well-formed id where nothing is stored');
  if (chat.streams.some(({ id }) => id === claimed)) return lies('accepts the id of an older stream');
  const isForeign = [...state.chats.values()].some(({ streams }) => streams.some(({ id }) => id === claimed));
  return lies(isForeign ? "accepts another user's id" : 'accepts an id that was never issued');
}

function refusal(asked: Asked, chat: MemoryChat, newest: MemoryStream | undefined): Told {
  const { lies, body } = asked;
  const isMissing = body.streamingSessionId === undefined;
  const wordy = lies('words its refusals differently') && isMissing;
  const told = problem(
    400,
    'stream.id_mismatch',
    wordy ? 'Streaming session ID missing' : 'Streaming session ID mismatch',
  );
  if (newest === undefined) return told;
  if (lies('spoils the stream at a refusal') && newest.state === 'running')
    end(asked, chat, newest, 'failed');
  if (lies('leaks the expected id in the body'))
    return { ...told, body: { ...told.body, expected: newest.id } };
  return lies('leaks the expected id in a header') ? { ...told, headers: { 'x-expected': newest.id } } : told;
}

function accept(asked: Asked, chat: MemoryChat, stream: MemoryStream): Told {
  const { body, lies, bodyText } = asked;
  const text = textOf(stream);
  if (!text.startsWith(String(body.completeResponse)) && !lies('accepts a rewritten text')) {
    return problem(422, 'stream.text_mismatch', 'The text is not what this streaming session sent');
  }
  if (lies('refuses the right receipt')) return problem(409, 'stream.illegal_transition', 'Not now');
  if (stream.state === 'running') end(asked, chat, stream, 'stopped');
  const answer = {
    message: 'Chat session updated successfully',
    sessionId: chat.id,
    streamingSessionId: stream.id,
    tokensUsed: stream.tokens,
    creditsCharged: stream.charge / 1_000_000,
    receipt: body.completeResponse === text ? 'exact' : 'partial',
  };
  stream.receipt = { body: bodyText, answer };
  return { status: 200, body: answer };
}

function repeat(
  { bodyText, lies }: Asked,
  stream: MemoryStream,
  receipt: NonNullable<MemoryStream['receipt']>,
): Told {
  const isSame = bodyText === receipt.body;
  if (!isSame && !lies('accepts a rewritten text after the receipt')) {
    return problem(422, 'stream.receipt_conflict', 'Another update was accepted before');
  }
  if (lies('answers a repeated receipt with an error'))
    return problem(409, 'stream.receipt_conflict', 'Once only');
  const isOther = lies('answers a repeated receipt with another body');
  const body = isOther ? { ...receipt.answer, tokensUsed: stream.tokens + 1 } : receipt.answer;
  return { status: 200, body, headers: { 'idempotent-replayed': 'true' } };
}
