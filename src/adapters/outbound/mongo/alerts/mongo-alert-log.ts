import { type ClientSession, type Collection, ObjectId } from 'mongodb';
import { type AlertLog, MAX_ALERTS } from '../../../../application/ports/alerts/alert-log.ts';
import { type Alert, type AlertRaise, alertOf, countedOn } from '../../../../domain/alerts/alert.ts';
import { decideTransaction } from '../decide.ts';
import { Lanes } from '../lanes.ts';
import type { MongoStore } from '../mongo-store.ts';
import {
  ALERT_HEADS,
  ALERTS,
  type AlertDocument,
  type AlertHead,
  alertDocument,
  alertFrom,
  HEAD,
  MAX_MARKS,
} from './alert-documents.ts';

/** An alert, and whether what was raised is not in it yet. */
interface Raised {
  readonly alert: Alert;
  readonly isNews: boolean;
}

/**
 * Alerts of all nodes in MongoDB. All that raise one write to one document first, so that they commit one after the
 * other: two never add an alert for the same, and places become visible in their order.
 */
export class MongoAlertLog implements AlertLog {
  readonly #store: MongoStore;
  readonly #alerts: Collection<AlertDocument>;
  readonly #heads: Collection<AlertHead>;
  readonly #kept: number;
  /** Those of this process wait for each other rather than give way and try again. */
  readonly #lanes = new Lanes();

  constructor(store: MongoStore, kept = MAX_ALERTS) {
    this.#store = store;
    this.#alerts = store.collection<AlertDocument>(ALERTS);
    this.#heads = store.collection<AlertHead>(ALERT_HEADS);
    this.#kept = kept;
  }

  async raise(raise: AlertRaise): Promise<Alert> {
    const mark = new ObjectId().toHexString();
    const decide = (): Promise<Raised> =>
      decideTransaction<Raised>(this.#store, {
        attempt: (session) => this.#raise(raise, mark, session),
        keeps: ({ isNews }) => isNews,
        known: async () => {
          const { principal, kind } = raise;
          const found = await this.#alerts.findOne({ principal, kind, marks: mark });
          return found === null ? undefined : { alert: alertFrom(found), isNews: false };
        },
      });
    return (await this.#lanes.run(HEAD, decide)).alert;
  }

  async list({ after, limit }: { after: number; limit: number }): Promise<readonly Alert[]> {
    if (limit === 0) return [];
    const page = this.#alerts
      .find({ seq: { $gt: after } })
      .sort({ seq: 1 })
      .limit(limit);
    return (await this.#store.read(() => page.toArray())).map(alertFrom);
  }

  async #raise(raise: AlertRaise, mark: string, session: ClientSession): Promise<Raised> {
    const seq = await this.#nextSeq(session);
    const { principal, kind, atMs } = raise;
    const isOpen = { principal, kind, untilMs: { $gt: atMs } };
    const open = await this.#alerts.findOne(isOpen, { session, sort: { untilMs: -1 } });
    // A commit that nobody has confirmed may have come to be seen only now.
    if (open?.marks.includes(mark)) return { alert: alertFrom(open), isNews: false };
    const alert = open === null ? alertOf(raise, seq) : countedOn(alertFrom(open), raise, seq);
    const marks = [...(open?.marks ?? []), mark].slice(-MAX_MARKS);
    const { _id, ...fields } = alertDocument(alert, marks);
    if (open === null) await this.#alerts.insertOne({ _id, ...fields }, { session });
    else await this.#alerts.replaceOne({ _id }, fields, { session });
    await this.#forget(session);
    return { alert, isNews: true };
  }

  /** Where nothing was raised yet there may be alerts all the same, of a store that was moved here. */
  async #nextSeq(session: ClientSession): Promise<number> {
    const head = await this.#heads.findOneAndUpdate(
      { _id: HEAD },
      { $inc: { seq: 1 } },
      { session, upsert: true, returnDocument: 'before' },
    );
    if (head !== null) return head.seq + 1;
    const last = await this.#alerts.findOne({}, { session, sort: { seq: -1 } });
    if (last === null) return 1;
    await this.#heads.updateOne({ _id: HEAD }, { $set: { seq: last.seq + 1 } }, { session });
    return last.seq + 1;
  }

  async #forget(session: ClientSession): Promise<void> {
    const [first] = await this.#alerts
      .find({}, { session, projection: { seq: 1 } })
      .sort({ seq: -1 })
      .skip(this.#kept)
      .limit(1)
      .toArray();
    if (first !== undefined) await this.#alerts.deleteMany({ seq: { $lte: first.seq } }, { session });
  }
}
