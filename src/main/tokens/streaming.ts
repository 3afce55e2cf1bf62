import type { Route } from '../../adapters/inbound/http/route.ts';
import type { EventStreams } from '../../adapters/inbound/http/sse-response.ts';
import type { AcceptUpdate } from '../../application/streaming/accept-update.ts';
import type { CreateChat } from '../../application/streaming/chats/create-chat.ts';
import type { DeleteChat } from '../../application/streaming/chats/delete-chat.ts';
import type { GetChat } from '../../application/streaming/chats/get-chat.ts';
import type { ListChats } from '../../application/streaming/chats/list-chats.ts';
import type { ReadUserChats } from '../../application/streaming/chats/read-user-chats.ts';
import type { RenameChat } from '../../application/streaming/chats/rename-chat.ts';
import type { SearchChatUsers } from '../../application/streaming/chats/search-chat-users.ts';
import type { IntentSettler } from '../../application/streaming/engine/intent-settler.ts';
import type { RunningStreams } from '../../application/streaming/engine/running-streams.ts';
import type { StreamPresence } from '../../application/streaming/engine/stream-presence.ts';
import type { StreamReaders } from '../../application/streaming/engine/stream-readers.ts';
import type { UndoStart } from '../../application/streaming/engine/undo-start.ts';
import type { ExpireStreams } from '../../application/streaming/expire-streams.ts';
import type { FollowStream } from '../../application/streaming/follow-stream.ts';
import type { NamedStreams } from '../../application/streaming/named-streams.ts';
import type { ObserveStream } from '../../application/streaming/observe-stream.ts';
import type { OpenStream } from '../../application/streaming/open-stream.ts';
import type { RecommendModel } from '../../application/streaming/recommend-model.ts';
import type { RecoverStreams } from '../../application/streaming/recover-streams.ts';
import type { SecondLooks } from '../../application/streaming/second-looks.ts';
import type { SendMessage } from '../../application/streaming/send-message.ts';
import type { SettleIntents } from '../../application/streaming/settle-intents.ts';
import type { StopClosedAccounts } from '../../application/streaming/stop-closed-accounts.ts';
import type { StopStream } from '../../application/streaming/stop-stream.ts';
import { identify } from '../tokens.ts';

export const STREAM_PRESENCE = identify<StreamPresence>('StreamPresence');
export const STREAM_READERS = identify<StreamReaders>('StreamReaders');
export const STREAM_OBSERVERS = identify<StreamReaders>('StreamObservers');
export const RUNNING_STREAMS = identify<RunningStreams>('RunningStreams');
/** Listens for accounts that are closed while chat runs apart from auth. */
export const STOP_CLOSED_ACCOUNTS = identify<StopClosedAccounts>('StopClosedAccounts');
export const INTENT_SETTLER = identify<IntentSettler>('IntentSettler');
export const SECOND_LOOKS = identify<SecondLooks>('SecondLooks');
export const NAMED_STREAMS = identify<NamedStreams>('NamedStreams');
export const UNDO_START = identify<UndoStart>('UndoStart');
export const EVENT_STREAMS = identify<EventStreams>('EventStreams');

export const SETTLE_INTENTS = identify<SettleIntents>('SettleIntents');
export const EXPIRE_STREAMS = identify<ExpireStreams>('ExpireStreams');
export const RECOVER_STREAMS = identify<RecoverStreams>('RecoverStreams');

export const OPEN_STREAM = identify<OpenStream>('OpenStream');
export const FOLLOW_STREAM = identify<FollowStream>('FollowStream');
export const STOP_STREAM = identify<StopStream>('StopStream');
export const ACCEPT_UPDATE = identify<AcceptUpdate>('AcceptUpdate');
export const OBSERVE_STREAM = identify<ObserveStream>('ObserveStream');
export const SEND_MESSAGE = identify<SendMessage>('SendMessage');

export const CREATE_CHAT = identify<CreateChat>('CreateChat');
export const LIST_CHATS = identify<ListChats>('ListChats');
export const GET_CHAT = identify<GetChat>('GetChat');
export const RENAME_CHAT = identify<RenameChat>('RenameChat');
export const DELETE_CHAT = identify<DeleteChat>('DeleteChat');
export const READ_USER_CHATS = identify<ReadUserChats>('ReadUserChats');
export const SEARCH_CHAT_USERS = identify<SearchChatUsers>('SearchChatUsers');
export const RECOMMEND_MODEL = identify<RecommendModel>('RecommendModel');

export const STREAMING_ROUTES = identify<Route[]>('StreamingRoutes');
