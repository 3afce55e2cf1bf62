import type { Container } from 'inversify';
import { ReadersElsewhere } from '../../application/fleet/readers-elsewhere.ts';
import { IntentSettler } from '../../application/streaming/engine/intent-settler.ts';
import { RunningStreams } from '../../application/streaming/engine/running-streams.ts';
import { StreamPresence } from '../../application/streaming/engine/stream-presence.ts';
import { StreamReaders } from '../../application/streaming/engine/stream-readers.ts';
import { ExpireStreams, expiryTurnMs } from '../../application/streaming/expire-streams.ts';
import { LocalUserStreams } from '../../application/streaming/local-user-streams.ts';
import { RecoverStreams } from '../../application/streaming/recover-streams.ts';
import { SETTLE_TURN_MS, SettleIntents } from '../../application/streaming/settle-intents.ts';
import type { StreamSettings } from '../../application/streaming/stream-settings.ts';
import {
  END_ELSEWHERE,
  NODE_LEASES,
  READER_MARKS,
  READERS_ELSEWHERE,
  TAKE_OVER,
  THIS_NODE,
  TURNS,
} from '../tokens/fleet.ts';
import * as streaming from '../tokens/streaming.ts';
import {
  CLOCK,
  CREDIT_HOLDS,
  DIGEST,
  EVENT_LOG,
  IDS,
  LIVE_TAIL,
  LOG,
  METRICS,
  STREAMS,
  TIMERS,
  USER_STREAMS,
} from '../tokens.ts';

/** Binds what drives streams and lets readers follow them, whoever asks for it. */
export function bindStreamEngine(container: Container, settings: StreamSettings): void {
  bindRunning(container, settings);
  bindReaders(container, settings);
  bindBackground(container, settings);
  container
    .bind(USER_STREAMS)
    .toResolvedValue(
      (streams, running, elsewhere, timers, log) =>
        new LocalUserStreams({ streams, running, elsewhere, timers, log }),
      [STREAMS, streaming.RUNNING_STREAMS, END_ELSEWHERE, TIMERS, LOG],
    );
}

function bindRunning(container: Container, settings: StreamSettings): void {
  container
    .bind(streaming.STREAM_PRESENCE)
    .toResolvedValue(() => new StreamPresence(settings.maxReaders))
    .inSingletonScope();
  container
    .bind(streaming.INTENT_SETTLER)
    .toResolvedValue(
      (holds, streams, log, metrics) => new IntentSettler({ holds, streams, log, metrics }),
      [CREDIT_HOLDS, STREAMS, LOG, METRICS],
    )
    .inSingletonScope();
  container
    .bind(streaming.RUNNING_STREAMS)
    .toResolvedValue(
      (clock, timers, ids, digest, log, metrics, streams, eventLog, tail, holds, settler, presence) =>
        new RunningStreams({
          clock,
          timers,
          ids,
          digest,
          log,
          metrics,
          streams,
          eventLog,
          tail,
          holds,
          settler,
          presence,
          settings,
        }),
      [
        CLOCK,
        TIMERS,
        IDS,
        DIGEST,
        LOG,
        METRICS,
        STREAMS,
        EVENT_LOG,
        LIVE_TAIL,
        CREDIT_HOLDS,
        streaming.INTENT_SETTLER,
        streaming.STREAM_PRESENCE,
      ],
    )
    .inSingletonScope();
}

function bindReaders(container: Container, settings: StreamSettings): void {
  container
    .bind(streaming.STREAM_READERS)
    .toResolvedValue(
      (clock, eventLog, tail, presence, running) =>
        new StreamReaders({
          clock,
          eventLog,
          tail,
          presence,
          onDeserted: (id) => running.find(id)?.lastReaderLeft(),
        }),
      [CLOCK, EVENT_LOG, LIVE_TAIL, streaming.STREAM_PRESENCE, streaming.RUNNING_STREAMS],
    )
    .inSingletonScope();
  container
    .bind(streaming.STREAM_OBSERVERS)
    .toResolvedValue(
      (clock, eventLog, tail) =>
        new StreamReaders({
          clock,
          eventLog,
          tail,
          presence: new StreamPresence(settings.maxReaders),
          onDeserted: () => undefined,
        }),
      [CLOCK, EVENT_LOG, LIVE_TAIL],
    )
    .inSingletonScope();
}

function bindBackground(container: Container, settings: StreamSettings): void {
  const deadlineMs = settings.readerlessDeadlineMs;
  container
    .bind(READERS_ELSEWHERE)
    .toResolvedValue(
      (marks, node, presence, running, clock, timers, log) =>
        new ReadersElsewhere({ marks, node, presence, running, clock, timers, log, deadlineMs }),
      [READER_MARKS, THIS_NODE, streaming.STREAM_PRESENCE, streaming.RUNNING_STREAMS, CLOCK, TIMERS, LOG],
    );
  container
    .bind(streaming.SETTLE_INTENTS)
    .toResolvedValue(
      (streams, settler, turns, timers, ids, log) => {
        const turn = turns('settle', SETTLE_TURN_MS);
        return new SettleIntents({ streams, settler, turn, timers, ids, log });
      },
      [STREAMS, streaming.INTENT_SETTLER, TURNS, TIMERS, IDS, LOG],
    )
    .inSingletonScope();
  container.bind(streaming.EXPIRE_STREAMS).toResolvedValue(
    (streams, turns, clock, timers, log) => {
      const turn = turns('expire', expiryTurnMs(settings));
      return new ExpireStreams({ streams, turn, clock, timers, log, settings });
    },
    [STREAMS, TURNS, CLOCK, TIMERS, LOG],
  );
  container
    .bind(streaming.RECOVER_STREAMS)
    .toResolvedValue(
      (streams, leases, takeOver, log) => new RecoverStreams({ streams, leases, takeOver, log }),
      [STREAMS, NODE_LEASES, TAKE_OVER, LOG],
    );
}
