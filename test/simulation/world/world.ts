import type { CreditHolds } from '../../../src/application/ports/accounting/credit-holds.ts';
import {
  DEFAULT_STREAM_SETTINGS,
  type StreamSettings,
} from '../../../src/application/streaming/stream-settings.ts';
import { micros } from '../../../src/domain/accounting/credits.ts';
import type { UserId } from '../../../src/domain/identity/ids.ts';
import { MAX_CHATS_PER_USER } from '../../../src/domain/streaming/chat-session.ts';
import { type StreamEvent, transcriptOf } from '../../../src/domain/streaming/stream-event.ts';
import type { ChatId } from '../../../src/domain/streaming/stream-id.ts';
import { Tab } from '../clients/tab.ts';
import { LedgerInvariants } from '../invariants/ledger-invariants.ts';
import { checkMoneyOfStreams } from '../invariants/money-and-streams.ts';
import { StreamInvariants } from '../invariants/stream-invariants.ts';
import type { Kept } from '../ports/over-network.ts';
import { SimulatedBus } from '../ports/simulated-bus.ts';
import { MODEL } from '../ports/simulated-model.ts';
import { SimulatedTail } from '../ports/simulated-tail.ts';
import { CHATS_PER_USER, NODES, type RunSettings, USERS } from './actions.ts';
import { DurableState } from './durable-state.ts';
import { JournalOfRun } from './journal-of-run.ts';
import { Network } from './network.ts';
import { nodePorts } from './node-ports.ts';
import { SeededRandom } from './seeded-random.ts';
import { SimulatedNode } from './simulated-node.ts';
import { SimulatedProcess } from './simulated-process.ts';
import { VirtualTime } from './virtual-time.ts';

/** Most tabs of one chat; the oldest is closed for the next. */
const MOST_TABS = 4;

/** What everybody has at first: enough for a few holds at once, in micro-credits. */
const FIRST_GRANT_MICROS = 8_000;

/** Methods that only read: nothing need be looked at after them. */
const READS =
  /^(find|list|messages|count|whereabouts|latest|tombstone|streamAt|active|running|pending|stopsWished|read)/;

type Watch = NonNullable<Kept<object>['carriedOut']>;

/** A chat of the run, with whoever reads it. */
export interface Room {
  readonly owner: UserId;
  chatId: ChatId;
}

/** Everything that there is in a run. */
export class World {
  readonly time = new VirtualTime();
  readonly random = new SeededRandom(0);
  readonly journal = new JournalOfRun(this.time);
  readonly network = new Network(this.time, this.random, this.journal);
  readonly state = new DurableState(this.time);
  readonly tail = new SimulatedTail(this.time, this.random);
  readonly bus = new SimulatedBus(this.random);
  readonly users: readonly UserId[] = Array.from({ length: USERS }, (_, user) => userOf(user));
  readonly streamInvariants = new StreamInvariants(this.state, this.journal);
  readonly ledgerInvariants = new LedgerInvariants(this.state, this.journal, this.users);
  readonly watch: Record<'streams' | 'money' | 'holds' | 'leases', Watch>;
  readonly nodes: Array<SimulatedNode | undefined> = Array.from({ length: NODES }, () => undefined);
  readonly rooms: Room[] = [];
  readonly tabs: Tab[] = [];
  readonly settings: StreamSettings;
  /** Accounting where it is a service of its own. */
  readonly accounting: CreditHolds | undefined;
  readonly #run: RunSettings;
  longestSilenceMs: number;
  readonly talksOn: boolean;
  /** How likely a reader loses his connection with an event. */
  connectionLosses = 0;
  #named = 0;

  constructor(run: RunSettings) {
    this.#run = run;
    const { readerlessDeadlineMs, maxDurationMs, retentionMs } = run;
    this.settings = { ...DEFAULT_STREAM_SETTINGS, readerlessDeadlineMs, maxDurationMs, retentionMs };
    this.longestSilenceMs = run.longestSilenceMs;
    this.talksOn = run.talksOn === true;
    this.watch = {
      streams: async (method, given, result, by) => {
        if (READS.test(method) || result === 0) return;
        this.streamInvariants.afterWrite(method, given, result, by);
        await this.look();
      },
      money: (method, given, result, by) => {
        const { checkpointTokens: tokens = 0 } = (result ?? {}) as { checkpointTokens?: number };
        if (method === 'extend') this.streamInvariants.checkpointed(given[0], tokens);
        if (method === 'reservation') this.streamInvariants.toldCheckpoint(given[0], tokens, by.name);
        const { holds, grants } = { holds: 1, grants: 1, ...(result as object | undefined) };
        const moved = method !== 'extend' && method !== 'reservation' && holds + grants > 0;
        return moved ? this.look() : undefined;
      },
      holds: (method, given, result, by) => {
        if (method !== 'checkpointOf') return;
        this.streamInvariants.toldCheckpoint(given[0], (result ?? 0) as number, by.name);
      },
      leases: (method, given, result) => {
        if (method === 'hold' && result !== 'taken') this.streamInvariants.leaseHeld(given[0], given[1]);
      },
    };
    const isApart = run.isAccountingApart;
    this.accounting = isApart
      ? nodePorts(this, new SimulatedProcess('accounting', this.time, 0)).holds
      : undefined;
  }

  /** Makes the chats and starts the nodes. */
  async begin(): Promise<void> {
    for (const owner of this.users) {
      await this.#give(owner);
      for (let chat = 0; chat < CHATS_PER_USER; chat += 1) {
        this.rooms.push({ owner, chatId: await this.newChat(owner) });
      }
    }
    for (let node = 0; node < NODES; node += 1) this.run(node);
  }

  async #give(owner: UserId): Promise<void> {
    const { nowMs } = this.time;
    const amountMicros = micros(FIRST_GRANT_MICROS);
    const given = { amountMicros, remainingMicros: amountMicros, grantedAtMs: nowMs, grantedBy: 'system' };
    const grant = { ...given, id: this.nextUuid(), expiresAtMs: nowMs + 10 ** 10, source: 'demo' as const };
    await this.state.ledger.grant(owner, grant, { nowMs, actor: 'system' });
  }

  /** Stores a new chat; its id names it. */
  async newChat(owner: UserId): Promise<ChatId> {
    const id = `chat-${this.nextNumber()}` as ChatId;
    const nowMs = this.time.nowMs;
    const chat = { id, owner, title: id, modelId: MODEL.id, createdAtMs: nowMs, updatedAtMs: nowMs };
    await this.state.chats.add(chat, undefined, MAX_CHATS_PER_USER);
    return id;
  }

  /** Starts the program on a machine where it does not run. */
  run(machine: number): void {
    if (this.nodes[machine] !== undefined) return;
    const name = `node ${machine}/${this.nextNumber()}`;
    const process = new SimulatedProcess(name, this.time, this.#run.skewsMs[machine] ?? 0);
    const node = new SimulatedNode(process, nodePorts(this, process), this.settings);
    this.nodes[machine] = node;
    process.onDeath(() => {
      this.nodes[machine] = undefined;
    });
    void node.serve();
  }

  /** A node that answers, if there is any. */
  someNode(): SimulatedNode | undefined {
    const serving = this.nodes.filter((node) => node?.isServing === true);
    return serving.length === 0 ? undefined : this.random.pick(serving);
  }

  addTab(owner: UserId, chatId: ChatId): Tab {
    const tab = new Tab(this, `tab ${this.nextNumber()}`, owner, chatId);
    const own = this.tabsOf(chatId);
    if (own.length >= MOST_TABS) own[0]?.drop();
    if (own[0] !== undefined && own.length >= MOST_TABS) this.tabs.splice(this.tabs.indexOf(own[0]), 1);
    this.tabs.push(tab);
    return tab;
  }

  tabsOf(chatId: ChatId): readonly Tab[] {
    return this.tabs.filter((tab) => tab.chatId === chatId);
  }

  transcriptOf(events: readonly StreamEvent[]): string {
    return transcriptOf(events);
  }

  /** What holds of money and streams together, at this moment. */
  async look(): Promise<void> {
    await this.ledgerInvariants.look();
    await checkMoneyOfStreams(this.state, this.streamInvariants, this.journal);
  }

  nextNumber(): number {
    this.#named += 1;
    return this.#named;
  }

  /** A UUID that nothing else in the run has. */
  nextUuid(): string {
    return `00000000-0000-4000-8000-${String(this.nextNumber()).padStart(12, '0')}`;
  }
}

const userOf = (user: number): UserId => `u_${'abcdef'.charAt(user).repeat(32)}` as UserId;
