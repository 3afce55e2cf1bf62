import type { MuxSession } from '../../../src/adapters/inbound/ws/mux/mux-session.ts';
import type { OpenedPayload } from '../../../src/adapters/inbound/ws/mux/server-payloads.ts';
import { nameWithin, type SubscriberId } from '../../../src/domain/multiplexing/subscriber-id.ts';
import type { SubscriberOwner } from '../../../src/domain/multiplexing/subscriber-owner.ts';
import type { SubscriberState } from '../../../src/domain/multiplexing/subscriber-state.ts';
import type { JournalOfRun } from '../world/journal-of-run.ts';

/** Somebody shows a token on a connection, to take a session back. */
export interface Attempt {
  readonly id: SubscriberId;
  readonly owner: SubscriberOwner;
  readonly token: string;
}

/** A token that was given out, for a session in an epoch. */
interface Issued {
  readonly id: SubscriberId;
  readonly epoch: number;
}

/** What holds of multiplexed sessions and whoever takes them over, however a run goes. */
export class MuxInvariants {
  readonly #journal: JournalOfRun;
  /** What the directory has of each session. */
  readonly #states = new Map<SubscriberId, SubscriberState>();
  readonly #owners = new Map<SubscriberId, SubscriberOwner>();
  /** By connection and session: what was shown there last. */
  readonly #attempts = new Map<string, Attempt>();
  readonly #issued = new Map<string, Issued>();
  readonly #spent = new Set<string>();
  /** By session and epoch: the copy that has acted in it, and whether its holder is written down as heard. */
  readonly #actors = new Map<string, MuxSession>();
  readonly #heard = new Set<string>();
  /** By node and session: the latest epoch that the node has heard of. */
  readonly #known = new Map<string, number>();
  /** Sessions that a client or an operator has wished to end, and those of which a client has read. */
  readonly #wishedOver = new Set<SubscriberId>();
  readonly #read = new Set<SubscriberId>();

  constructor(journal: JournalOfRun) {
    this.#journal = journal;
  }

  /** The directory's present state of a session. */
  stateOf(id: SubscriberId): SubscriberState | undefined {
    return this.#states.get(id);
  }

  /** Tokens that nobody may come back with any more. */
  get spent(): readonly string[] {
    return [...this.#spent];
  }

  /** Every token that was ever given out. */
  get issued(): ReadonlyMap<string, Issued> {
    return this.#issued;
  }

  /** A client shows a token on a connection. */
  shows(connection: string, attempt: Attempt): void {
    this.#attempts.set(`${connection} ${attempt.id}`, attempt);
  }

  /** The directory has another state of a session. */
  stored(next: SubscriberState): void {
    const { id, owner, epoch, holders } = next;
    const [journal, name] = [this.#journal, shortName(id)];
    const before = this.#states.get(id);
    const first = this.#owners.get(id);
    journal.expect(before !== undefined || first === undefined, () => `${name} is back after its end`);
    journal.expect(first === undefined || first === owner, () => `${name} went from ${first} to ${owner}`);
    journal.expect(holders.length <= 1, () => `${name} has ${holders.length} holders`);
    if (next.previousTokensSha256 === undefined) this.#heard.add(`${id} ${epoch}`);
    this.#owners.set(id, owner);
    this.#states.set(id, next);
    if (before === undefined) return;
    journal.expect(epoch >= before.epoch, () => `${name} fell from epoch ${before.epoch} to ${epoch}`);
    const [holder] = holders;
    const isAnother = holder !== undefined && holder.connection !== before.holders[0]?.connection;
    journal.expect(!isAnother || epoch > before.epoch, () => `${name} has another holder in epoch ${epoch}`);
    if (epoch > before.epoch) this.#takenBack(next, holder?.connection ?? '');
  }

  #takenBack({ id, owner }: SubscriberState, connection: string): void {
    const [journal, name] = [this.#journal, shortName(id)];
    const attempt = this.#attempts.get(`${connection} ${id}`);
    if (attempt === undefined) {
      journal.fail(`${name} was taken back by nobody who had asked for it`);
      return;
    }
    const { token } = attempt;
    journal.expect(attempt.owner === owner, () => `${attempt.owner} took ${name}, which is ${owner}'s`);
    journal.expect(this.#issued.get(token)?.id === id, () => `${name} was taken back by a token of another`);
    journal.expect(!this.#spent.has(token), () => `${name} was taken back by a token that was spent`);
  }

  /** What the directory has. */
  states(): Iterable<SubscriberState> {
    return this.#states.values();
  }

  /** A session has been ended for good. One of which nobody has read is ended because nobody waits for it. */
  ended(id: SubscriberId): void {
    const isWished = this.#wishedOver.has(id) || !this.#read.has(id);
    this.#journal.expect(isWished, () => `${shortName(id)} was ended, and nobody had wished it`);
    this.#states.delete(id);
  }

  /** A client has read that a session is his. */
  isRead(id: SubscriberId): void {
    this.#read.add(id);
  }

  /** What the directory no longer has when its leases were looked at. */
  expired(left: ReadonlySet<SubscriberId>, nowMs: number): void {
    for (const [id, { leaseEndsAtMs = Number.POSITIVE_INFINITY }] of this.#states) {
      if (left.has(id)) continue;
      const isDue = leaseEndsAtMs <= nowMs;
      this.#journal.expect(isDue, () => `${shortName(id)} was swept away before its lease was over`);
      this.#states.delete(id);
    }
  }

  /** A server says that a session is open. */
  opened(payload: OpenedPayload): void {
    const id: SubscriberId = `mux:${payload.sessionId}`;
    this.#issued.set(payload.resumeToken, { id, epoch: payload.epoch });
  }

  /** Somebody ends a session. */
  wishesOver(id: SubscriberId): void {
    this.#wishedOver.add(id);
  }

  /** A node has heard that a session is in an epoch, and has had its turn to let go. */
  knows(node: string, id: SubscriberId, epoch: number): void {
    const key = `${node} ${id}`;
    this.#known.set(key, Math.max(epoch, this.#known.get(key) ?? 0));
  }

  /** A copy of a session acts on a message of its client's. */
  acts(node: string, session: MuxSession): void {
    const { id, owner } = session;
    const { epoch } = session;
    const [journal, what] = [this.#journal, `a copy of ${shortName(id)} in epoch ${epoch} at ${node}`];
    const key = `${id} ${epoch}`;
    const actor = this.#actors.get(key) ?? session;
    this.#actors.set(key, actor);
    journal.expect(actor === session, () => `${what} acts beside another`);
    journal.expect(owner === this.#owners.get(id), () => `${what} acts for ${owner}`);
    journal.expect(epoch === 1 || this.#heard.has(key), () => `${what} acts before its token is spent`);
    this.#isCurrent(node, session, 'acts');
    for (const [token, issued] of this.#issued) {
      if (issued.id === id && issued.epoch < epoch) this.#spent.add(token);
    }
  }

  /** A copy of a session tells its client something. */
  sends(node: string, session: MuxSession): void {
    this.#isCurrent(node, session, 'tells something');
  }

  #isCurrent(node: string, { id, epoch }: MuxSession, does: string): void {
    const known = this.#known.get(`${node} ${id}`) ?? 0;
    this.#journal.expect(
      epoch >= known,
      () => `${node} knows ${shortName(id)} in epoch ${known}, and a copy in epoch ${epoch} ${does}`,
    );
  }

  /** A client is told that his session is over for good. */
  toldOver(id: SubscriberId): void {
    this.#journal.expect(
      this.#wishedOver.has(id),
      () => `${shortName(id)} was ended, and nobody had wished it`,
    );
  }

  /** A client is told that his session, which he has in an epoch, is elsewhere. */
  toldMoved(id: SubscriberId, epoch: number): void {
    const state = this.#states.get(id);
    const isSo = state === undefined || state.epoch > epoch;
    this.#journal.expect(isSo, () => `${shortName(id)} has not moved from epoch ${epoch}, as was said`);
  }

  /** A client is refused who shows the newest token that he has read. */
  toldNotHis(id: SubscriberId, nowMs: number): void {
    const { leaseEndsAtMs = Number.POSITIVE_INFINITY } = this.#states.get(id) ?? { leaseEndsAtMs: 0 };
    this.#journal.expect(leaseEndsAtMs <= nowMs, () => `the owner of ${shortName(id)} is locked out`);
  }
}

/** The end of a session's name, which tells it from others. */
export const shortName = (id: SubscriberId): string => `session …${nameWithin(id).slice(-6)}`;
