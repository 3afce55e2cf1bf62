import { SweepLedger } from '../../../src/application/accounting/sweep-ledger.ts';
import { SWEEP_TURN_MS, Sweeper } from '../../../src/application/accounting/sweeper.ts';
import { EndElsewhere } from '../../../src/application/fleet/end-elsewhere.ts';
import { NodeLease } from '../../../src/application/fleet/node-lease.ts';
import { RecoverNode } from '../../../src/application/fleet/recover-node.ts';
import { TakeOver } from '../../../src/application/fleet/take-over.ts';
import { Turn } from '../../../src/application/fleet/turn.ts';
import { WatchNodes } from '../../../src/application/fleet/watch-nodes.ts';
import { WatchOwnStreams } from '../../../src/application/fleet/watch-own-streams.ts';
import { AcceptUpdate } from '../../../src/application/streaming/accept-update.ts';
import { DeleteChat } from '../../../src/application/streaming/chats/delete-chat.ts';
import { IntentSettler } from '../../../src/application/streaming/engine/intent-settler.ts';
import { retryUntilDone } from '../../../src/application/streaming/engine/retry-until-done.ts';
import { RunningStreams } from '../../../src/application/streaming/engine/running-streams.ts';
import { StreamPresence } from '../../../src/application/streaming/engine/stream-presence.ts';
import { StreamReaders } from '../../../src/application/streaming/engine/stream-readers.ts';
import { UndoStart } from '../../../src/application/streaming/engine/undo-start.ts';
import { ExpireStreams, expiryTurnMs } from '../../../src/application/streaming/expire-streams.ts';
import { FollowStream } from '../../../src/application/streaming/follow-stream.ts';
import { LocalUserStreams } from '../../../src/application/streaming/local-user-streams.ts';
import { NamedStreams } from '../../../src/application/streaming/named-streams.ts';
import { OpenStream } from '../../../src/application/streaming/open-stream.ts';
import { RecoverStreams } from '../../../src/application/streaming/recover-streams.ts';
import { MAX_WAITING_LOOKS, SecondLooks } from '../../../src/application/streaming/second-looks.ts';
import { SETTLE_TURN_MS, SettleIntents } from '../../../src/application/streaming/settle-intents.ts';
import { StopStream } from '../../../src/application/streaming/stop-stream.ts';
import type { StreamSettings } from '../../../src/application/streaming/stream-settings.ts';
import type { StreamId } from '../../../src/domain/streaming/stream-id.ts';
import { CATALOG } from '../ports/simulated-model.ts';
import type { NodePorts } from './node-ports.ts';
import type { SimulatedProcess } from './simulated-process.ts';

/** Life of a node's lease, in milliseconds. */
const LEASE_MS = 5_000;

/** One run of the program: the whole core over the ports of a process, as `main` composes it. */
export class SimulatedNode {
  readonly process: SimulatedProcess;
  readonly ports: NodePorts;
  readonly openStream: OpenStream;
  readonly followStream: FollowStream;
  readonly stopStream: StopStream;
  readonly acceptUpdate: AcceptUpdate;
  readonly deleteChat: DeleteChat;
  readonly userStreams: LocalUserStreams;
  readonly #node: NodeLease;
  readonly #recoverStreams: RecoverStreams;
  readonly #loops: ReadonlyArray<(signal: AbortSignal) => Promise<void>>;
  #isServing = false;

  constructor(process: SimulatedProcess, ports: NodePorts, settings: StreamSettings) {
    this.process = process;
    this.ports = ports;
    const { ledger, clock, log, metrics, streams, timers, holds } = ports;
    const presence = new StreamPresence(settings.maxReaders);
    const settler = new IntentSettler({ holds, streams, log, metrics });
    const base = { ...ports, presence, settler, settings, catalog: CATALOG };
    const running = new RunningStreams(base);
    const onDeserted = (id: StreamId): void => running.find(id)?.lastReaderLeft();
    const readers = new StreamReaders({ ...ports, presence, onDeserted });
    const node = new NodeLease({ ...ports, host: process.name, lifeMs: LEASE_MS });
    this.#node = node;
    const elsewhere = new EndElsewhere({ ...base });
    const undoStart = new UndoStart({ ...base });
    const secondLooks = new SecondLooks({ timers, atMost: MAX_WAITING_LOOKS });
    const named = new NamedStreams({ ...ports, secondLooks });
    const use = { ...base, running, readers, undoStart, named, node, elsewhere };
    this.openStream = new OpenStream(use);
    this.followStream = new FollowStream(use);
    this.stopStream = new StopStream(use);
    this.acceptUpdate = new AcceptUpdate(use);
    this.deleteChat = new DeleteChat(use);
    this.userStreams = new LocalUserStreams(use);
    const takeOver = new TakeOver({ ...use, recoverNode: new RecoverNode(base), lifeMs: LEASE_MS });
    this.#recoverStreams = new RecoverStreams({ ...ports, takeOver });
    const onNodesGone = (): void => readers.missed();
    const watchNodes = new WatchNodes({ ...use, takeOver, lifeMs: LEASE_MS, onNodesGone });
    const watchOwnStreams = new WatchOwnStreams(use);
    const sweep = new SweepLedger({ ledger, clock, metrics });
    const turn = (work: string, lifeMs: number): Turn => new Turn(use, { work, lifeMs });
    const sweeper = new Sweeper({ sweep, turn: turn('sweep', SWEEP_TURN_MS), timers, log, metrics });
    const settleIntents = new SettleIntents({ ...base, turn: turn('settle', SETTLE_TURN_MS) });
    const expireStreams = new ExpireStreams({ ...base, turn: turn('expire', expiryTurnMs(settings)) });
    this.#loops = [
      (signal) => node.execute({ signal }),
      (signal) => watchNodes.execute({ signal }),
      (signal) => watchOwnStreams.execute({ signal }),
      (signal) => sweeper.run(signal),
      (signal) => settleIntents.execute({ signal }),
      (signal) => expireStreams.execute({ signal }),
    ];
  }

  /** Whether clients are answered: the process lives and has recovered. */
  get isServing(): boolean {
    return this.#isServing && this.process.isAlive;
  }

  /** Recovers what an earlier run left, then serves and does what goes on without anybody asking for it. */
  async serve(): Promise<void> {
    const { timers, ids } = this.ports;
    const recover = async (): Promise<void> => {
      await this.#node.join();
      await this.#recoverStreams.execute();
    };
    await retryUntilDone(recover, { timers, ids, onFailure: () => undefined });
    this.#isServing = true;
    const { signal } = new AbortController();
    await Promise.all(this.#loops.map((loop) => loop(signal)));
  }
}
