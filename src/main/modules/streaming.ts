import type { Container } from 'inversify';
import { streamingRoutes } from '../../adapters/inbound/http/routes/streaming/streaming-routes.ts';
import { EventStreams } from '../../adapters/inbound/http/sse-response.ts';
import { AcceptUpdate } from '../../application/streaming/accept-update.ts';
import { CreateChat } from '../../application/streaming/chats/create-chat.ts';
import { DeleteChat } from '../../application/streaming/chats/delete-chat.ts';
import { GetChat } from '../../application/streaming/chats/get-chat.ts';
import { ListChats } from '../../application/streaming/chats/list-chats.ts';
import { ReadUserChats } from '../../application/streaming/chats/read-user-chats.ts';
import { RenameChat } from '../../application/streaming/chats/rename-chat.ts';
import { SearchChatUsers } from '../../application/streaming/chats/search-chat-users.ts';
import { UndoStart } from '../../application/streaming/engine/undo-start.ts';
import { FollowStream } from '../../application/streaming/follow-stream.ts';
import { NamedStreams } from '../../application/streaming/named-streams.ts';
import { ObserveStream } from '../../application/streaming/observe-stream.ts';
import { OpenStream } from '../../application/streaming/open-stream.ts';
import { RecommendModel } from '../../application/streaming/recommend-model.ts';
import { MAX_WAITING_LOOKS, SecondLooks } from '../../application/streaming/second-looks.ts';
import { SendMessage } from '../../application/streaming/send-message.ts';
import { StopClosedAccounts } from '../../application/streaming/stop-closed-accounts.ts';
import { StopStream } from '../../application/streaming/stop-stream.ts';
import type { StreamSettings } from '../../application/streaming/stream-settings.ts';
import { END_ELSEWHERE, READER_MARKS, THIS_NODE } from '../tokens/fleet.ts';
import { LONG_USE } from '../tokens/identity.ts';
import * as streaming from '../tokens/streaming.ts';
import {
  AUDIT,
  CHATS,
  CLOCK,
  CREDIT_HOLDS,
  DIGEST,
  EVENT_LOG,
  IDS,
  LIVE_TAIL,
  LOG,
  LOGIN_ENDS,
  METRICS,
  MODEL_CATALOG,
  MODELS,
  PRINCIPAL_DIRECTORY,
  SESSION_STATUS,
  STREAMS,
  TIMERS,
  USER_STREAMS,
} from '../tokens.ts';
import { VERSION } from '../version.ts';
import { bindStreamEngine } from './stream-engine.ts';

/** What an operator may set of chat. */
type ChatSettings = StreamSettings & { readonly keepaliveMs: number };

/** Binds chat over the stores, the models and the credit holds that the container has. */
export function bindStreaming(container: Container, settings: ChatSettings): void {
  bindStreamEngine(container, settings);
  bindNaming(container);
  bindUndoing(container);
  bindOpening(container, settings);
  bindStreams(container);
  bindChats(container);
  bindSupervision(container);
  bindClosedAccounts(container);
  bindRoutes(container, settings);
}

function bindNaming(container: Container): void {
  // Where there are other nodes, the store is replicated.
  const atMost = (): number => (container.isBound(READER_MARKS) ? MAX_WAITING_LOOKS : 0);
  container
    .bind(streaming.SECOND_LOOKS)
    .toResolvedValue((timers) => new SecondLooks({ timers, atMost: atMost() }), [TIMERS])
    .inSingletonScope();
  container
    .bind(streaming.NAMED_STREAMS)
    .toResolvedValue(
      (streams, secondLooks, audit, digest, metrics) =>
        new NamedStreams({ streams, secondLooks, audit, digest, metrics }),
      [STREAMS, streaming.SECOND_LOOKS, AUDIT, DIGEST, METRICS],
    );
}

function bindUndoing(container: Container): void {
  container
    .bind(streaming.UNDO_START)
    .toResolvedValue(
      (streams, eventLog, tail, settler, holds, clock, timers, ids, digest, log) =>
        new UndoStart({ streams, eventLog, tail, settler, holds, clock, timers, ids, digest, log }),
      [
        STREAMS,
        EVENT_LOG,
        LIVE_TAIL,
        streaming.INTENT_SETTLER,
        CREDIT_HOLDS,
        CLOCK,
        TIMERS,
        IDS,
        DIGEST,
        LOG,
      ],
    );
}

function bindOpening(container: Container, settings: StreamSettings): void {
  container.bind(streaming.OPEN_STREAM).toResolvedValue(
    (
      streams,
      chats,
      holds,
      models,
      catalog,
      running,
      readers,
      undoStart,
      node,
      clock,
      timers,
      ids,
      digest,
      metrics,
    ) =>
      new OpenStream({
        streams,
        chats,
        holds,
        models,
        catalog,
        running,
        readers,
        undoStart,
        node,
        clock,
        timers,
        ids,
        digest,
        metrics,
        settings,
      }),
    [
      STREAMS,
      CHATS,
      CREDIT_HOLDS,
      MODELS,
      MODEL_CATALOG,
      streaming.RUNNING_STREAMS,
      streaming.STREAM_READERS,
      streaming.UNDO_START,
      THIS_NODE,
      CLOCK,
      TIMERS,
      IDS,
      DIGEST,
      METRICS,
    ],
  );
}

function bindStreams(container: Container): void {
  container
    .bind(streaming.FOLLOW_STREAM)
    .toResolvedValue(
      (chats, streams, eventLog, readers, timers) =>
        new FollowStream({ chats, streams, eventLog, readers, timers }),
      [CHATS, STREAMS, EVENT_LOG, streaming.STREAM_READERS, TIMERS],
    );
  container
    .bind(streaming.STOP_STREAM)
    .toResolvedValue(
      (chats, named, running, elsewhere) => new StopStream({ chats, named, running, elsewhere }),
      [CHATS, streaming.NAMED_STREAMS, streaming.RUNNING_STREAMS, END_ELSEWHERE],
    );
  container
    .bind(streaming.ACCEPT_UPDATE)
    .toResolvedValue(
      (chats, streams, eventLog, named, running, elsewhere, clock, digest, log) =>
        new AcceptUpdate({ chats, streams, eventLog, named, running, elsewhere, clock, digest, log }),
      [
        CHATS,
        STREAMS,
        EVENT_LOG,
        streaming.NAMED_STREAMS,
        streaming.RUNNING_STREAMS,
        END_ELSEWHERE,
        CLOCK,
        DIGEST,
        LOG,
      ],
    );
  container
    .bind(streaming.SEND_MESSAGE)
    .toResolvedValue((openStream) => new SendMessage({ openStream }), [streaming.OPEN_STREAM]);
}

function bindChats(container: Container): void {
  container
    .bind(streaming.CREATE_CHAT)
    .toResolvedValue(
      (chats, catalog, clock, ids) => new CreateChat({ chats, catalog, clock, ids }),
      [CHATS, MODEL_CATALOG, CLOCK, IDS],
    );
  container.bind(streaming.LIST_CHATS).toResolvedValue((chats) => new ListChats({ chats }), [CHATS]);
  container.bind(streaming.GET_CHAT).toResolvedValue((chats) => new GetChat({ chats }), [CHATS]);
  container
    .bind(streaming.RENAME_CHAT)
    .toResolvedValue((chats, clock) => new RenameChat({ chats, clock }), [CHATS, CLOCK]);
  container
    .bind(streaming.DELETE_CHAT)
    .toResolvedValue(
      (chats, streams, running, elsewhere, timers) =>
        new DeleteChat({ chats, streams, running, elsewhere, timers }),
      [CHATS, STREAMS, streaming.RUNNING_STREAMS, END_ELSEWHERE, TIMERS],
    );
  container
    .bind(streaming.RECOMMEND_MODEL)
    .toResolvedValue((catalog) => new RecommendModel({ catalog }), [MODEL_CATALOG]);
}

function bindSupervision(container: Container): void {
  container
    .bind(streaming.OBSERVE_STREAM)
    .toResolvedValue(
      (streams, eventLog, running, observers, audit) =>
        new ObserveStream({ streams, eventLog, running, observers, audit }),
      [STREAMS, EVENT_LOG, streaming.RUNNING_STREAMS, streaming.STREAM_OBSERVERS, AUDIT],
    );
  container
    .bind(streaming.READ_USER_CHATS)
    .toResolvedValue(
      (directory, listChats, getChat, audit) => new ReadUserChats({ directory, listChats, getChat, audit }),
      [PRINCIPAL_DIRECTORY, streaming.LIST_CHATS, streaming.GET_CHAT, AUDIT],
    );
  container
    .bind(streaming.SEARCH_CHAT_USERS)
    .toResolvedValue(
      (directory, chats) => new SearchChatUsers({ directory, chats }),
      [PRINCIPAL_DIRECTORY, CHATS],
    );
}

function bindClosedAccounts(container: Container): void {
  container
    .bind(streaming.STOP_CLOSED_ACCOUNTS)
    .toResolvedValue(
      (loginEnds, userStreams, running, directory, timers, ids, log) =>
        new StopClosedAccounts({ loginEnds, userStreams, running, directory, timers, ids, log }),
      [LOGIN_ENDS, USER_STREAMS, streaming.RUNNING_STREAMS, PRINCIPAL_DIRECTORY, TIMERS, IDS, LOG],
    );
}

function bindRoutes(container: Container, { keepaliveMs }: ChatSettings): void {
  container
    .bind(streaming.EVENT_STREAMS)
    .toResolvedValue(
      (timers, sessions, loginEnds, use) =>
        new EventStreams({ timers, sessions, loginEnds, use, keepaliveMs }),
      [TIMERS, SESSION_STATUS, LOGIN_ENDS, LONG_USE],
    )
    .inSingletonScope();
  container.bind(streaming.STREAMING_ROUTES).toDynamicValue(({ get }) =>
    streamingRoutes({
      createChat: get(streaming.CREATE_CHAT),
      listChats: get(streaming.LIST_CHATS),
      getChat: get(streaming.GET_CHAT),
      renameChat: get(streaming.RENAME_CHAT),
      deleteChat: get(streaming.DELETE_CHAT),
      sendMessage: get(streaming.SEND_MESSAGE),
      openStream: get(streaming.OPEN_STREAM),
      followStream: get(streaming.FOLLOW_STREAM),
      stopStream: get(streaming.STOP_STREAM),
      acceptUpdate: get(streaming.ACCEPT_UPDATE),
      observeStream: get(streaming.OBSERVE_STREAM),
      readUserChats: get(streaming.READ_USER_CHATS),
      searchChatUsers: get(streaming.SEARCH_CHAT_USERS),
      recommendModel: get(streaming.RECOMMEND_MODEL),
      catalog: get(MODEL_CATALOG),
      eventStreams: get(streaming.EVENT_STREAMS),
      version: VERSION,
    }),
  );
}
