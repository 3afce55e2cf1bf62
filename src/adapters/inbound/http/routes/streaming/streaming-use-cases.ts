import type { ModelCatalog } from '../../../../../application/ports/streaming/model-catalog.ts';
import type { AcceptUpdate } from '../../../../../application/streaming/accept-update.ts';
import type { CreateChat } from '../../../../../application/streaming/chats/create-chat.ts';
import type { DeleteChat } from '../../../../../application/streaming/chats/delete-chat.ts';
import type { GetChat } from '../../../../../application/streaming/chats/get-chat.ts';
import type { ListChats } from '../../../../../application/streaming/chats/list-chats.ts';
import type { ReadUserChats } from '../../../../../application/streaming/chats/read-user-chats.ts';
import type { RenameChat } from '../../../../../application/streaming/chats/rename-chat.ts';
import type { SearchChatUsers } from '../../../../../application/streaming/chats/search-chat-users.ts';
import type { FollowStream } from '../../../../../application/streaming/follow-stream.ts';
import type { ObserveStream } from '../../../../../application/streaming/observe-stream.ts';
import type { OpenStream } from '../../../../../application/streaming/open-stream.ts';
import type { RecommendModel } from '../../../../../application/streaming/recommend-model.ts';
import type { SendMessage } from '../../../../../application/streaming/send-message.ts';
import type { StopStream } from '../../../../../application/streaming/stop-stream.ts';
import type { EventStreams } from '../../sse-response.ts';

/** Everything that chat's routes ask. */
export interface StreamingUseCases {
  readonly createChat: CreateChat;
  readonly listChats: ListChats;
  readonly getChat: GetChat;
  readonly renameChat: RenameChat;
  readonly deleteChat: DeleteChat;
  readonly sendMessage: SendMessage;
  readonly openStream: OpenStream;
  readonly followStream: FollowStream;
  readonly stopStream: StopStream;
  readonly acceptUpdate: AcceptUpdate;
  readonly observeStream: ObserveStream;
  readonly readUserChats: ReadUserChats;
  readonly searchChatUsers: SearchChatUsers;
  readonly recommendModel: RecommendModel;
  readonly catalog: ModelCatalog;
  readonly eventStreams: EventStreams;
  readonly version: string;
}
