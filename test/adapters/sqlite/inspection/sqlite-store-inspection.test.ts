import { chmodSync, cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect } from 'chai';
import { SqliteReservationLedger } from '../../../../src/adapters/outbound/sqlite/accounting/sqlite-reservation-ledger.ts';
import { authenticator } from '../../../../src/adapters/outbound/sqlite/audit/audit-chain-writer.ts';
import { firstSeqOf } from '../../../../src/adapters/outbound/sqlite/control/agent-event-rows.ts';
import { SqliteStoreInspection } from '../../../../src/adapters/outbound/sqlite/inspection/sqlite-store-inspection.ts';
import { NodeDigest } from '../../../../src/adapters/outbound/system/node-digest.ts';
import { DiagnoseStore, type Diagnosis } from '../../../../src/application/doctor/diagnose-store.ts';
import { PortError } from '../../../../src/application/ports/port-error.ts';
import { eventIdOf } from '../../../support/agent-event-builders.ts';
import { aKey } from '../../../support/identity-builders.ts';
import { aRequest, credits, streamId, T0, user } from '../../../support/ledger-builders.ts';
import { CHAT, populate } from '../../../support/populated-store.ts';
import { AUDIT_KEY, type TemporaryStore, temporaryStore } from '../../../support/temporary-store.ts';

const diagnose = (dataDir: string): Promise<Diagnosis> =>
  new DiagnoseStore({
    inspection: new SqliteStoreInspection(dataDir),
    digest: new NodeDigest(),
    audit: { keys: [authenticator(AUDIT_KEY)], heads: [] },
  }).execute();

const stream = (number: number): string => `'${streamId(number)}'`;
const eventRow = (number: number): string => `agent_events/${eventIdOf(number)}`;
const event = (number: number): string => `id = '${eventIdOf(number)}'`;
const OUTCOME = 'UPDATE reservations SET outcome = json_set(outcome,';
const ENDING = 'UPDATE streams SET ending = json_set(ending,';

const ANSWER = `stream_id = ${stream(1)} AND role = 'assistant'`;
/** The answer of stream 1 is the second message of the chat. */
const ANSWER_ROW = 'messages/2';

/** The entry by which the hold of stream 1 was settled. */
const SETTLED_ENTRY = 'journal/5';
/** A message that is added is the next after those that are there. */
const DOUBLED_ROW = 'messages/8';

/** What somebody does to accounts, logins, keys and messages. */
const OF_PERSONS: ReadonlyArray<readonly [sql: string, promise: string, row: string]> = [
  ["UPDATE users SET username = 'Somebody' WHERE username = 'User1'", 'user.names', `users/${user(1)}`],
  ["UPDATE users SET username = 'USER1' WHERE username = 'User2'", 'user.one-name', `users/${user(2)}`],
  ['UPDATE users SET deleted_at_ms = 1', 'user.deleted', `users/${user(1)}`],
  ["UPDATE login_sessions SET user_id = 'nobody'", 'login.user', 'login_sessions/session-1'],
  ['UPDATE login_sessions SET expires_at_ms = expires_at_ms + 1', 'login.times', 'login_sessions/session-1'],
  ['UPDATE login_sessions SET idle_ends_at_ms = NULL', 'login.times', 'login_sessions/session-2'],
  ['UPDATE login_sessions SET cookie_sha256 = NULL', 'row.kept', 'login_sessions/session-2'],
  ['UPDATE refresh_tokens SET spent = 0', 'row.kept', 'login_sessions/session-1'],
  ['UPDATE refresh_tokens SET spent = 1', 'row.kept', 'login_sessions/session-1'],
  ["UPDATE api_keys SET owner_id = 'nobody'", 'key.owner', `api_keys/${aKey(1).id}`],
  [`UPDATE api_keys SET owner_id = '${user(1)}'`, 'key.owner', `api_keys/${aKey(2).id}`],
  ["UPDATE chats SET owner = 'nobody'", 'chat.owner', `chats/${CHAT}`],
  ["UPDATE chats SET owner = 'nobody'", 'stream.chat', `streams/${streamId(1)}`],
  ['DELETE FROM chats', 'stream.chat', `streams/${streamId(1)}`],
  ['DELETE FROM chats', 'message.chat', ANSWER_ROW],
  [`DELETE FROM streams WHERE id = ${stream(1)}`, 'message.stream', ANSWER_ROW],
  [`UPDATE messages SET chat_id = 'chat-2' WHERE ${ANSWER}`, 'message.stream', ANSWER_ROW],
  [`DELETE FROM messages WHERE stream_id = ${stream(4)}`, 'stream.question', `streams/${streamId(4)}`],
  [`DELETE FROM messages WHERE ${ANSWER}`, 'stream.answer', `streams/${streamId(1)}`],
  [
    `INSERT INTO messages (chat_id, role, content, timestamp_ms, stream_id, stream_state)
       SELECT chat_id, role, content, timestamp_ms, stream_id, stream_state FROM messages WHERE ${ANSWER}`,
    'message.place',
    DOUBLED_ROW,
  ],
  [`UPDATE messages SET content = 'Another' WHERE ${ANSWER}`, 'stream.answer', `streams/${streamId(1)}`],
  [`UPDATE messages SET stream_state = 'stopped' WHERE ${ANSWER}`, 'stream.answer', `streams/${streamId(1)}`],
];

const ENTRY = 'UPDATE journal SET entry = json_set(entry,';

/** What somebody does to the books alone. */
const OF_BOOKS: ReadonlyArray<readonly [sql: string, promise: string, row: string]> = [
  ["UPDATE journal SET id = 'x' WHERE cursor = 1", 'journal.unique', 'journal/1'],
  [`${ENTRY} '$.grants[0].remaining', 7) WHERE cursor = 1`, 'journal.grants', 'journal/1'],
  [`${ENTRY} '$.id', 'x'), id = 'x' WHERE id = '${streamId(1)}:settle'`, 'journal.id', SETTLED_ENTRY],
  [`DELETE FROM reservations WHERE id = ${stream(1)}`, 'journal.reservation', SETTLED_ENTRY],
  [
    `${ENTRY} '$.account.charged', 1) WHERE id = '${streamId(1)}:settle'`,
    'reservation.posted',
    `reservations/${streamId(1)}`,
  ],
  [
    `UPDATE streams SET hold = json_set(hold, '$.priceMicrosPer1000', 1) WHERE id = ${stream(1)}`,
    'stream.charge',
    `streams/${streamId(1)}`,
  ],
];

/** Each breaks one row: the SQL, the promise, and the row that must be named. */
const CORRUPTIONS: ReadonlyArray<readonly [sql: string, promise: string, row: string]> = [
  ['UPDATE accounts SET charged_micros = charged_micros + 1', 'account.sums', `accounts/${user(1)}`],
  ['UPDATE accounts SET held_micros = -1', 'account.negative', `accounts/${user(1)}`],
  ['UPDATE accounts SET held_micros = held_micros + 1', 'account.holds', `accounts/${user(1)}`],
  [
    'UPDATE accounts SET available_micros = available_micros - 1, expired_micros = expired_micros + 1',
    'journal.replay',
    `accounts/${user(1)}`,
  ],
  ['DELETE FROM accounts', 'account.missing', `accounts/${user(1)}`],
  ["UPDATE grants SET remaining_micros = 0 WHERE id = 'grant-1'", 'account.grants', `accounts/${user(1)}`],
  [
    "UPDATE grants SET remaining_micros = amount_micros + 1 WHERE id = 'grant-1'",
    'grant.range',
    'grants/grant-1',
  ],
  ["UPDATE grants SET remaining_micros = 5 WHERE id = 'short'", 'grant.lapsed', 'grants/short'],
  ["UPDATE grants SET amount_micros = 1000000000 WHERE id = 'grant-1'", 'grant.amount', 'grants/grant-1'],
  [
    `UPDATE reservations SET state = 'released' WHERE id = ${stream(1)}`,
    'reservation.one-end',
    `reservations/${streamId(1)}`,
  ],
  [
    `UPDATE reservations SET state = 'open' WHERE id = ${stream(5)}`,
    'reservation.state',
    `reservations/${streamId(5)}`,
  ],
  [
    `UPDATE reservations SET parts = '[]' WHERE id = ${stream(5)}`,
    'reservation.parts',
    `reservations/${streamId(5)}`,
  ],
  [
    `${OUTCOME} '$.refundMicros', 2000000) WHERE id = ${stream(1)}`,
    'reservation.refund',
    `reservations/${streamId(1)}`,
  ],
  [
    `${OUTCOME} '$.tokens', 900) WHERE id = ${stream(1)}`,
    'reservation.charge',
    `reservations/${streamId(1)}`,
  ],
  [`${OUTCOME} '$.tokens', 1.5) WHERE id = ${stream(1)}`, 'row.sound', `reservations/${streamId(1)}`],
  [
    `UPDATE reservations SET late_report = NULL WHERE id = ${stream(6)}`,
    'reservation.uncollected',
    `reservations/${streamId(6)}`,
  ],
  [
    `UPDATE reservations SET outcome = '{' WHERE id = ${stream(1)}`,
    'row.readable',
    `reservations/${streamId(1)}`,
  ],
  [
    `DELETE FROM journal WHERE id = '${streamId(1)}:reserve'`,
    'reservation.opened',
    `reservations/${streamId(1)}`,
  ],
  [
    `DELETE FROM journal WHERE id = '${streamId(1)}:settle'`,
    'reservation.one-end',
    `reservations/${streamId(1)}`,
  ],
  [
    `INSERT INTO journal SELECT 1000, id || '-again', user_id, entry FROM journal WHERE id = '${streamId(1)}:settle'`,
    'journal.replay',
    `accounts/${user(1)}`,
  ],
  [
    "UPDATE journal SET entry = json_set(entry, '$.account.available', 7) WHERE cursor = 1",
    'journal.balanced',
    'journal/1',
  ],
  [
    `UPDATE journal SET entry = json_set(entry, '$.id', 'x'), id = 'x' WHERE id = '${streamId(1)}:settle'`,
    'reservation.one-end',
    `reservations/${streamId(1)}`,
  ],
  [`DELETE FROM reservations WHERE id = ${stream(1)}`, 'stream.settled', `streams/${streamId(1)}`],
  [
    `DELETE FROM usage_records WHERE stream_id = ${stream(1)}`,
    'usage.recorded',
    `reservations/${streamId(1)}`,
  ],
  [
    `UPDATE usage_records SET charge_micros = 1 WHERE stream_id = ${stream(1)}`,
    'usage.recorded',
    `reservations/${streamId(1)}`,
  ],
  [
    `DELETE FROM reservations WHERE id = ${stream(5)}`,
    'usage.reservation',
    `usage_records/${streamId(5)}:usage`,
  ],
  [`UPDATE streams SET state = 'finished' WHERE id = ${stream(2)}`, 'stream.state', `streams/${streamId(2)}`],
  [`UPDATE streams SET ending = NULL WHERE id = ${stream(2)}`, 'stream.state', `streams/${streamId(2)}`],
  [`UPDATE streams SET hold = NULL WHERE id = ${stream(4)}`, 'stream.state', `streams/${streamId(4)}`],
  [`UPDATE streams SET first_offset = 6 WHERE id = ${stream(2)}`, 'stream.offsets', `streams/${streamId(2)}`],
  [
    `DROP INDEX streams_slot; UPDATE streams SET state = 'running' WHERE id = ${stream(3)}`,
    'stream.one-active',
    `streams/${streamId(4)}`,
  ],
  [`${ENDING} '$.chargeMicros', 1) WHERE id = ${stream(1)}`, 'stream.settled', `streams/${streamId(1)}`],
  [
    `UPDATE settlement_intents SET intent = json_set(intent, '$.tokens', 5)`,
    'stream.intent',
    `streams/${streamId(3)}`,
  ],
  ['DELETE FROM settlement_intents', 'stream.settled', `streams/${streamId(3)}`],
  [
    `UPDATE streams SET id = ${stream(6)} WHERE id = ${stream(1)};
     UPDATE reservations SET late_report = NULL WHERE id = ${stream(6)}`,
    'stream.settled',
    `streams/${streamId(6)}`,
  ],
  [
    `UPDATE settlement_intents SET intent = json_set(intent, '$.id', ${stream(4)})`,
    'intent.ended',
    `settlement_intents/${streamId(3)}`,
  ],
  [`${ENDING} '$.lastOffset', 5) WHERE id = ${stream(1)}`, 'log.last-offset', `stream_logs/${streamId(1)}`],
  ['UPDATE chats SET last_offset = 9', 'chat.last-offset', `chats/${CHAT}`],
  [`DELETE FROM stream_logs WHERE stream_id = ${stream(1)}`, 'log.kept', `streams/${streamId(1)}`],
  [
    `UPDATE stream_logs SET first_offset = 2 WHERE stream_id = ${stream(1)}`,
    'log.offsets',
    `stream_logs/${streamId(1)}`,
  ],
  [
    `UPDATE stream_logs SET last_offset = 9 WHERE stream_id = ${stream(1)}`,
    'log.last-offset',
    `stream_logs/${streamId(1)}`,
  ],
  [
    `UPDATE stream_logs SET body = replace(body, 'An answer', 'No answer') WHERE stream_id = ${stream(1)}`,
    'log.hash',
    `stream_logs/${streamId(1)}`,
  ],
  [
    `UPDATE stream_logs SET body = replace(body, '"creditsCharged":0.102', '"creditsCharged":0.1') WHERE stream_id = ${stream(1)}`,
    'log.figures',
    `stream_logs/${streamId(1)}`,
  ],
  [
    `UPDATE stream_logs SET body = body || substr(body, instr(body, 'd 2 ')) WHERE stream_id = ${stream(1)}`,
    'log.one-end',
    `stream_logs/${streamId(1)}`,
  ],
  [
    `UPDATE stream_logs SET body = replace(body, 's 0 ', 'c 0 ') WHERE stream_id = ${stream(1)}`,
    'log.session',
    `stream_logs/${streamId(1)}`,
  ],
  [
    `UPDATE stream_logs SET body = replace(body, 'c 1 ', 'c 9 ') WHERE stream_id = ${stream(1)}`,
    'log.tokens',
    `stream_logs/${streamId(1)}`,
  ],
  [
    `UPDATE stream_logs SET body = 'nonsense' WHERE stream_id = ${stream(1)}`,
    'row.readable',
    `stream_logs/${streamId(1)}`,
  ],
  [
    `UPDATE event_batches SET body = replace(body, '@${streamId(4)} 13', '@${streamId(4)} 14')`,
    'log.offsets',
    `event_batches/${streamId(4)}`,
  ],
  ['DELETE FROM event_batches', 'log.kept', `streams/${streamId(4)}`],
  ["UPDATE agent_event_bytes SET bytes = x'00'", 'row.kept', eventRow(1)],
  ['DELETE FROM agent_event_bytes', 'row.readable', eventRow(1)],
  [`UPDATE agent_events SET event_id = 'another' WHERE ${event(1)}`, 'row.kept', eventRow(1)],
  [`UPDATE agent_events SET owner_key = 7 WHERE ${event(1)}`, 'row.kept', eventRow(1)],
  [`UPDATE agent_events SET seq = seq + 1000000000 WHERE ${event(1)}`, 'row.readable', eventRow(1)],
  [
    `DELETE FROM agent_event_lists WHERE list = 'agent' AND seq = (SELECT seq FROM agent_events WHERE ${event(1)})`,
    'row.kept',
    eventRow(1),
  ],
  ["INSERT INTO agent_event_lists VALUES ('owner', 'nobody', 7)", 'row.kept', 'agent_event_lists/owner/7'],
  [
    `INSERT INTO agent_event_lists SELECT 'owner', 'another', seq FROM agent_events WHERE ${event(1)}`,
    'row.kept',
    `agent_event_lists/owner/${firstSeqOf(eventIdOf(1))}`,
  ],
  [
    'UPDATE agent_events_listed SET up_to = up_to - 1',
    'row.kept',
    `agent_event_lists/session/${firstSeqOf(eventIdOf(6))}`,
  ],
  [`UPDATE agent_events SET review_status = 'expired' WHERE ${event(4)}`, 'row.kept', eventRow(4)],
  [`UPDATE agent_events SET delivery = 'due' WHERE ${event(4)}`, 'event.delivery', eventRow(4)],
  [`UPDATE agent_events SET due_since_ms = NULL WHERE ${event(3)}`, 'event.delivery', eventRow(3)],
  [
    `UPDATE agent_events SET verdict = json_set(verdict, '$.status', 'ok') WHERE ${event(6)}`,
    'event.verdict',
    eventRow(6),
  ],
  [
    `UPDATE agent_events SET review = json_remove(review, '$.resolvedAtMs') WHERE ${event(5)}`,
    'review.resolution',
    eventRow(5),
  ],
  [
    `UPDATE agent_events SET verdict = json_set(verdict, '$.continueExecution', json('false')) WHERE ${event(5)}`,
    'review.verdict',
    eventRow(5),
  ],
];

describe('the doctor of an embedded store', () => {
  let temporary: TemporaryStore;
  let healthy: string;

  before(async () => {
    temporary = await temporaryStore();
    await populate(temporary.store);
    healthy = mkdtempSync(join(tmpdir(), 'holdfast-healthy-'));
    temporary.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    cpSync(join(temporary.dataDir, 'holdfast.db'), join(healthy, 'holdfast.db'));
  });
  after(async () => {
    await temporary.remove();
    rmSync(healthy, { recursive: true });
  });

  async function diagnoseAfter(sql: string): Promise<Diagnosis> {
    const dir = mkdtempSync(join(tmpdir(), 'holdfast-corrupt-'));
    try {
      cpSync(join(healthy, 'holdfast.db'), join(dir, 'holdfast.db'));
      const db = new DatabaseSync(join(dir, 'holdfast.db'));
      db.exec(`PRAGMA ignore_check_constraints = 1; ${sql}`);
      db.close();
      return await diagnose(dir);
    } finally {
      rmSync(dir, { recursive: true });
    }
  }

  it('finds nothing wrong with a store that has one of everything', async () => {
    const { findings, checked } = await diagnose(healthy);
    expect(findings).to.deep.equal([]);
    expect(checked).to.deep.include({ accounts: 1, grants: 3, reservations: 7, streams: 4, chats: 1 });
    expect(checked).to.deep.include({ users: 2, login_sessions: 3, api_keys: 3, messages: 7 });
    expect(checked).to.deep.include({ agent_events: 6, agent_event_lists: 18 });
  });

  for (const [sql, promise, row] of [...CORRUPTIONS, ...OF_PERSONS, ...OF_BOOKS]) {
    it(`names ${row} for ${promise} after: ${sql.replace(/\s+/g, ' ')}`, async () => {
      const { findings } = await diagnoseAfter(sql);
      expect(findings.map((finding) => `${finding.promise} ${finding.row}`)).to.include(`${promise} ${row}`);
    });
  }

  it('sees one moment of a store that a server writes to', async () => {
    const ledger = new SqliteReservationLedger(temporary.store);
    let open = true;
    const busy = (async () => {
      for (let number = 100; open; number += 1) {
        await ledger.reserve(user(1), aRequest({ id: streamId(number) }), T0 + 80);
        await ledger.settle(streamId(number), 1, true, T0 + 80);
        if (number % 50 === 0) {
          const more = { id: `more-${number}`, target: { by: credits(1) }, expiresAtMs: T0 + 86_400_000 };
          await ledger.adjust(user(1), more, { nowMs: T0 + 80, actor: 'system' });
        }
      }
    })();
    try {
      for (let look = 0; look < 10; look += 1) {
        expect((await diagnose(temporary.dataDir)).findings).to.deep.equal([]);
      }
    } finally {
      open = false;
      await busy;
    }
  });

  it('does not guess at a store of another schema', async () => {
    const refusal = await diagnoseAfter('PRAGMA user_version = 1').catch((error: unknown) => error);
    expect(refusal).to.be.instanceOf(PortError).and.have.property('message').that.includes('schema 1');
  });

  it('says that a store is out of reach when there is none, it is no store, or others can read it', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'holdfast-nothing-'));
    const refusal = async (): Promise<unknown> => diagnose(dir).catch((error: unknown) => error);
    expect(await refusal())
      .to.be.instanceOf(PortError)
      .and.have.property('kind', 'unavailable');
    cpSync(import.meta.filename, join(dir, 'holdfast.db'));
    expect(await refusal())
      .to.be.instanceOf(PortError)
      .and.have.property('kind', 'unavailable');
    cpSync(join(healthy, 'holdfast.db'), join(dir, 'holdfast.db'));
    chmodSync(dir, 0o755);
    expect(await refusal())
      .to.be.instanceOf(PortError)
      .and.have.property('kind', 'unavailable');
    rmSync(dir, { recursive: true });
  });
});
