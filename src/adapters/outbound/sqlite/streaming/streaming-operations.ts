import type { OperationSet } from '../operation.ts';
import { addChat, removeChat, renameChat } from './chat-operations.ts';
import { appendEvents, pruneEvents } from './event-operations.ts';
import {
  abandon,
  accept,
  acknowledgeIntent,
  activate,
  claim,
  expireEnded,
  seal,
  wishStop,
} from './stream-operations.ts';

/** The writes of chats, streams and their events. */
export const STREAMING_OPERATIONS = {
  'streaming.add-chat': addChat,
  'streaming.rename-chat': renameChat,
  'streaming.remove-chat': removeChat,
  'streaming.claim': claim,
  'streaming.activate': activate,
  'streaming.abandon': abandon,
  'streaming.wish-stop': wishStop,
  'streaming.seal': seal,
  'streaming.accept': accept,
  'streaming.acknowledge-intent': acknowledgeIntent,
  'streaming.expire-ended': expireEnded,
  'streaming.append-events': appendEvents,
  'streaming.prune-events': pruneEvents,
} as const satisfies OperationSet;
