import type { Db, Document, Filter } from 'mongodb';
import { batchKey } from '../../../../src/adapters/outbound/mongo/streaming/streaming-documents.ts';
import type { StreamId } from '../../../../src/domain/streaming/stream-id.ts';
import { eventIdOf } from '../../../support/agent-event-builders.ts';
import { aKey, aSession } from '../../../support/identity-builders.ts';
import { DAY_MS, streamId, user } from '../../../support/ledger-builders.ts';
import { CHAT } from '../../../support/populated-store.ts';

/** Something that somebody with the database in hand did, the promise that it breaks, and the row that must be named. */
export interface Corruption {
  readonly what: string;
  readonly promise: string;
  readonly row: string;
  readonly act: (db: Db) => Promise<unknown>;
}

const on =
  (collection: string) =>
  (_id: unknown, change: Document | 'gone') =>
  (db: Db): Promise<unknown> => {
    const filter = { _id } as Filter<Document>;
    if (change === 'gone') return db.collection(collection).deleteOne(filter);
    return db.collection(collection).updateOne(filter, change);
  };

const account = on('accounts').bind(undefined, user(1));
const stream = (number: number, change: Document | 'gone') => on('streams')(streamId(number), change);
const hold = (number: number, change: Record<string, unknown>) =>
  account({
    $set: Object.fromEntries(
      Object.entries(change).map(([path, value]) => [`holds.${streamId(number)}.${path}`, value]),
    ),
  });
const inc = (field: string, by: number): Document => ({ $inc: { [field]: by } });
const set = (field: string, value: unknown): Document => ({ $set: { [field]: value } });
const logOf = (number: number): string => `event_batches/${streamId(number)}`;

/** Changes the lines of a batch of stream 1, which begins with offset 2 and ends with the batch at 4. */
const lines = (offset: number, from: string, to: string) => async (db: Db) => {
  const _id = batchKey(streamId(1) as StreamId, offset) as never;
  const batch = await db.collection('event_batches').findOne({ _id });
  const changed = String(batch?.lines).replace(from, to);
  if (changed === batch?.lines) throw new Error(`${from} is not in ${batch?.lines}`);
  await db.collection('event_batches').updateOne({ _id }, { $set: { lines: changed } });
};

/** Takes an entry out of the journal, or changes it. */
const entry = (id: string, change: Document | 'gone') => (db: Db) =>
  change === 'gone'
    ? db
        .collection<{ entries: Document[] }>('journal')
        .updateOne({ 'entries.id': id }, { $pull: { entries: { id } } })
    : db
        .collection('journal')
        .updateOne({ 'entries.id': id }, change, { arrayFilters: [{ 'entry.id': id }] as never });

const one = `accounts/${user(1)}`;
const reservation = (number: number): string => `reservations/${streamId(number)}`;
const streamRow = (number: number): string => `streams/${streamId(number)}`;

const userRow = (number: number): string => `users/${user(number)}`;
const login = (number: number, change: Document) => on('login_sessions')(aSession(number).id, change);
const loginRow = (number: number): string => `login_sessions/${aSession(number).id}`;
const key = (number: number, change: Document) => on('api_keys')(aKey(number).id, change);
const keyRow = (number: number): string => `api_keys/${aKey(number).id}`;
const NOBODY = user(99);

/** Changes the message at a place of the chat. Stream 1 has those at 1 and 4, stream 4 begins at 13. */
const message = (place: number, change: Document | 'gone') => (db: Db) =>
  change === 'gone'
    ? db.collection('messages').deleteOne({ place })
    : db.collection('messages').updateOne({ place }, change);

const eventRow = (number: number): string => `agent_events/${eventIdOf(number)}`;
const event = (number: number, change: Document) => (db: Db) =>
  db.collection('agent_events').updateOne({ id: eventIdOf(number) }, change);

/** One of each kind. */
export const CORRUPTIONS: readonly Corruption[] = [
  ['charged is more', 'account.sums', one, account(inc('sums.chargedMicros', 1))],
  ['held is negative', 'account.negative', one, account(set('sums.heldMicros', -1))],
  ['held is more', 'account.holds', one, account(inc('sums.heldMicros', 1))],
  [
    'credit has expired',
    'journal.replay',
    one,
    account({ $inc: { 'sums.availableMicros': -1, 'sums.expiredMicros': 1 } }),
  ],
  ['an account is gone', 'account.missing', one, account('gone')],
  ['a grant is spent', 'account.grants', one, account(set('grants.grant-1.remainingMicros', 0))],
  [
    'a grant has grown',
    'grant.range',
    'grants/grant-1',
    account(set('grants.grant-1.remainingMicros', 1e12)),
  ],
  ['a grant was larger', 'grant.amount', 'grants/grant-1', account(set('grants.grant-1.amountMicros', 1e12))],
  ['a grant is not listed', 'row.kept', 'grants/grant-1', on('grants')('grant-1', 'gone')],
  ['nothing is due', 'row.kept', one, account(set('nextDueAtMs', 7))],
  ['nothing lapses', 'row.kept', one, account(set('nextLapseAtMs', null))],
  ['a hold was released', 'reservation.one-end', reservation(1), hold(1, { state: 'released' })],
  ['a hold is open again', 'reservation.state', reservation(5), hold(5, { state: 'open' })],
  ['a hold has no parts', 'reservation.parts', reservation(5), hold(5, { parts: [] })],
  ['a refund is more', 'reservation.refund', reservation(1), hold(1, { 'outcome.refundMicros': 2_000_000 })],
  ['tokens are more', 'reservation.charge', reservation(1), hold(1, { 'outcome.tokens': 900 })],
  ['tokens are no count', 'row.sound', reservation(1), hold(1, { 'outcome.tokens': 1.5 })],
  ['a claim is gone', 'row.kept', reservation(1), on('reservations')(streamId(1), 'gone')],
  ['an opening is gone', 'reservation.opened', reservation(1), entry(`${streamId(1)}:reserve`, 'gone')],
  ['a closing is gone', 'reservation.one-end', reservation(1), entry(`${streamId(1)}:settle`, 'gone')],
  [
    'an entry moves less',
    'journal.replay',
    one,
    entry(`${streamId(1)}:settle`, set('entries.$[entry].account.charged', 7)),
  ],
  [
    'an entry has another id',
    'reservation.one-end',
    reservation(1),
    entry(`${streamId(1)}:settle`, set('entries.$[entry].id', 'x')),
  ],
  ['usage is gone', 'usage.recorded', reservation(1), on('usage')(`${streamId(1)}:usage`, 'gone')],
  [
    'usage costs less',
    'usage.recorded',
    reservation(1),
    on('usage')(`${streamId(1)}:usage`, set('chargeMicros', 1)),
  ],
  ['a stream finished', 'stream.state', streamRow(2), stream(2, set('state', 'finished'))],
  ['a stream has no end', 'stream.state', streamRow(2), stream(2, { $unset: { end: true } })],
  ['a stream has no hold', 'stream.state', streamRow(4), stream(4, { $unset: { hold: true } })],
  ['a stream begins later', 'stream.offsets', streamRow(2), stream(2, set('firstOffset', 6))],
  ['a stream runs again', 'stream.one-active', streamRow(4), stream(3, set('state', 'running'))],
  ['a stream is not active', 'row.kept', streamRow(4), stream(4, { $unset: { active: true } })],
  ['a stream never expires', 'row.kept', streamRow(2), stream(2, { $unset: { endedAtMs: true } })],
  ['a stream costs less', 'stream.settled', streamRow(1), stream(1, set('end.chargeMicros', 1))],
  [
    'a debt is another',
    'stream.intent',
    streamRow(3),
    on('settlement_intents')(streamId(3), set('intent.tokens', 5)),
  ],
  ['a debt is gone', 'stream.settled', streamRow(3), on('settlement_intents')(streamId(3), 'gone')],
  [
    'a debt is of a stream that runs',
    'intent.ended',
    `settlement_intents/${streamId(3)}`,
    on('settlement_intents')(streamId(3), set('intent.id', streamId(4))),
  ],
  ['a chat ends elsewhere', 'chat.last-offset', `chats/${CHAT}`, on('chats')(CHAT, set('lastOffset', 9))],
  ['a slot is free', 'chat.slot', `chats/${CHAT}`, on('chats')(CHAT, { $unset: { slot: true } })],
  [
    'a log is gone',
    'log.last-offset',
    logOf(1),
    async (db: Db) => db.collection('event_batches').deleteMany({ _id: /^0/ as never }),
  ],
  ['a log ends elsewhere', 'log.last-offset', logOf(1), stream(1, set('end.lastOffset', 5))],
  ['an answer says no', 'log.hash', logOf(1), lines(2, 'An answer', 'No answer')],
  ['an end costs less', 'log.figures', logOf(1), lines(4, '"creditsCharged":0.102', '"creditsCharged":0.1')],
  ['an end is a chunk', 'log.one-end', logOf(1), lines(4, 'd 2 ', 'c 2 ')],
  ['tokens go back', 'log.tokens', logOf(1), lines(2, 'c 1 ', 'c 9 ')],
  ['a line is none', 'row.readable', logOf(1), lines(2, 'c 1 ', 'nonsense')],
  ['a log begins otherwise', 'log.session', logOf(1), stream(1, { $unset: { first: true } })],
  ['a name is another', 'user.names', userRow(1), on('users')(user(1), set('username', 'Somebody'))],
  ['a name is another’s', 'user.one-name', userRow(2), on('users')(user(2), set('username', 'USER1'))],
  ['a user is deleted', 'user.deleted', userRow(2), on('users')(user(2), set('deletedAtMs', 1))],
  ['a name is free', 'row.kept', userRow(1), on('user_names')('username/user1', 'gone')],
  ['a name is taken', 'row.kept', userRow(1), on('user_names')('username/user1', set('userId', user(2)))],
  ['a name’s user is gone', 'name.user', 'user_names/email/user2@example.org', on('users')(user(2), 'gone')],
  [
    'nobody has a name',
    'name.user',
    'user_names/username/other',
    (db: Db) =>
      db.collection<{ _id: string; userId: string }>('user_names').insertOne({
        _id: 'username/other',
        userId: user(2),
      }),
  ],
  ['a login is nobody’s', 'login.user', loginRow(2), login(2, set('userId', NOBODY))],
  ['a login lasts', 'login.times', loginRow(1), login(1, inc('expiresAtMs', DAY_MS))],
  ['a login idles', 'login.times', loginRow(2), login(2, { $unset: { idleEndsAtMs: true } })],
  ['an ended login is open', 'row.kept', loginRow(3), login(3, set('open', true))],
  ['a login is not open', 'row.kept', loginRow(1), login(1, { $unset: { open: true } })],
  ['a login has no token', 'row.kept', loginRow(1), login(1, { $unset: { refreshSha256: true } })],
  ['a login has both', 'row.kept', loginRow(1), login(1, set('cookieSha256', 'cookie-1'))],
  ['a key is nobody’s', 'key.owner', keyRow(1), key(1, set('ownerId', NOBODY))],
  ['an agent’s key is a person’s', 'key.owner', keyRow(2), key(2, set('ownerId', user(1)))],
  ['a key counts elsewhere', 'row.kept', keyRow(1), key(1, set('owner', 'agents'))],
  ['a revoked key is open', 'row.kept', keyRow(3), key(3, set('open', true))],
  ['a key is never forgotten', 'row.kept', keyRow(3), key(3, { $unset: { endsAtMs: true } })],
  ['a chat is nobody’s', 'chat.owner', `chats/${CHAT}`, on('chats')(CHAT, set('owner', NOBODY))],
  ['a stream is another’s', 'stream.chat', streamRow(1), stream(1, set('owner', user(2)))],
  ['a chat is gone', 'stream.chat', streamRow(1), on('chats')(CHAT, 'gone')],
  ['a message’s chat is gone', 'message.chat', `messages/${CHAT}/4`, on('chats')(CHAT, 'gone')],
  ['a message’s stream is gone', 'message.stream', `messages/${CHAT}/4`, stream(1, 'gone')],
  [
    'a message is another chat’s',
    'message.stream',
    'messages/chat-2/4',
    message(4, { $set: { chatId: 'chat-2' } }),
  ],
  ['a question is gone', 'stream.question', streamRow(4), message(13, 'gone')],
  ['an answer is gone', 'stream.answer', streamRow(1), message(4, 'gone')],
  [
    'an answer is there twice',
    'message.place',
    `messages/${CHAT}/99`,
    async (db: Db) => {
      const { _id: _, ...answer } = (await db.collection('messages').findOne({ place: 4 })) ?? {};
      await db.collection('messages').insertOne({ ...answer, place: 99 });
    },
  ],
  ['an answer is another', 'stream.answer', streamRow(1), message(4, set('content', 'Another'))],
  ['an answer was stopped', 'stream.answer', streamRow(1), message(4, set('streamState', 'stopped'))],
  ['an event has other bytes', 'row.kept', eventRow(1), event(1, set('bytes', Buffer.from('others')))],
  ['an event has another name', 'row.kept', eventRow(1), event(1, set('claims.eventId', 'another'))],
  ['an event is not open', 'row.kept', eventRow(4), event(4, { $unset: { isOpen: true } })],
  ['an event has no bytes', 'row.readable', eventRow(1), event(1, { $unset: { bytes: true } })],
  ['a question is sent', 'event.delivery', eventRow(4), event(4, set('delivery', 'due'))],
  ['a verdict is due at no time', 'event.delivery', eventRow(3), event(3, { $unset: { dueSinceMs: true } })],
  ['an error is a verdict', 'event.verdict', eventRow(6), event(6, set('verdict.status', 'ok'))],
  ['nobody decided', 'review.resolution', eventRow(5), event(5, { $unset: { 'review.resolvedAtMs': true } })],
  ['a yes halts', 'review.verdict', eventRow(5), event(5, set('verdict.continueExecution', false))],
  ['a yes is a no', 'review.verdict', eventRow(5), event(5, set('review.status', 'rejected'))],
  [
    'a record says else',
    'audit.authentic',
    `audit_records/${2 * 1_024 + 1}`,
    (db: Db) => db.collection('audit_log').updateOne({ _id: 2 as never }, set('entries.0.text', '{}')),
  ],
  [
    'records are gone',
    'audit.order',
    `audit_records/${4 * 1_024 + 1}`,
    (db: Db) => db.collection('audit_log').deleteOne({ _id: 3 as never }),
  ],
  ['the last records are gone', 'audit.anchor', 'audit_anchors/second', on('audit_log')(4, 'gone')],
  [
    'an anchor says else',
    'audit.authentic',
    'audit_anchors/second',
    on('audit_anchors')('second', inc('atMs', 1)),
  ],
].map(([what, promise, row, act]) => ({ what, promise, row, act }) as Corruption);
