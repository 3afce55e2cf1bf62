import { cpSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { expect } from 'chai';
import { ApiClient } from '../support/api-client.ts';
import { holdfast } from '../support/holdfast-command.ts';
import { RunningServer } from '../support/running-server.ts';
import { type AuditRow, auditRows, withTampered } from '../support/tampered-store.ts';

const PASSWORD = 'quartz lantern meadow';

interface Verdict {
  readonly code: number;
  readonly ok: boolean;
  /** `promise row`, of what is found. */
  readonly found: readonly string[];
  readonly unproven: readonly string[];
  readonly auditHead: string;
}

async function doctor(data: string, ...flags: readonly string[]): Promise<Verdict> {
  const { code, stdout, stderr } = await holdfast(['doctor', '--data', data, '--json', ...flags]);
  expect(stdout, stderr).not.to.equal('');
  const { ok, findings, unproven, auditHead } = JSON.parse(stdout);
  const found = findings.map((finding: Record<string, string>) => `${finding.promise} ${finding.row}`);
  return { code, ok, found, unproven, auditHead };
}

/** A store that two servers wrote to, one after the other; the first was stopped, the second killed. */
async function usedTwice(): Promise<{ data: string; rows: AuditRow[]; log: string }> {
  const first = await RunningServer.start(['--demo']);
  await act(first, 'a', 'b');
  await first.end('SIGTERM');
  const second = await RunningServer.start(['--demo'], first.data);
  await act(second, 'c', 'd');
  await second.end('SIGKILL');
  return { data: first.data, rows: auditRows(first.data), log: first.output + second.output };
}

async function act(server: RunningServer, ...names: readonly string[]): Promise<void> {
  const admin = await ApiClient.login(server.urls, 'admin', 'admin@admin');
  for (const username of names) {
    const account = { username: `${username}-user`, email: `${username}@example.org`, password: PASSWORD };
    const created = await admin.post('auth', '/api/admin/users', account);
    expect(created.status).to.equal(201);
  }
}

describe('an audit log that somebody who has the file in hand has changed', function () {
  this.timeout(120_000);
  let data: string;
  let rows: AuditRow[];
  let log: string;
  /** A row in the middle of the first chain, and its neighbour. */
  let middle: AuditRow;
  let next: AuditRow;
  let last: AuditRow;
  let secondStart: AuditRow;

  before(async () => {
    ({ data, rows, log } = await usedTwice());
    const at = (index: number): AuditRow => rows.at(index) as AuditRow;
    middle = at(3);
    next = at(4);
    last = at(-1);
    secondStart = rows.find(({ chain, seq }) => chain === last.chain && seq === 1) as AuditRow;
    expect(middle.chain).to.equal(next.chain);
    expect(secondStart.cursor).to.be.greaterThan(next.cursor);
  });
  after(() => rmSync(data, { recursive: true, force: true }));

  const verdictAfter = (tamper: (db: DatabaseSync) => void, ...flags: readonly string[]): Promise<Verdict> =>
    withTampered(data, tamper, (copy) => doctor(copy, ...flags));
  const row = ({ cursor }: AuditRow): string => `audit_records/${cursor}`;
  const change = (
    db: DatabaseSync,
    { cursor }: AuditRow,
    set: string,
    ...values: (string | number)[]
  ): void => {
    const { changes } = db.prepare(`UPDATE audit_records SET ${set} WHERE cursor = ?`).run(...values, cursor);
    expect(changes).to.equal(1);
  };

  it('was whole before', async () => {
    const { code, found, unproven, auditHead } = await doctor(data);
    expect([code, found, unproven]).to.deep.equal([0, [], []]);
    expect(auditHead).to.equal(`${last.chain}.${last.seq}.${last.mac}`);
  });

  it('names the record of which anything was changed', async () => {
    for (const [set, value] of [
      ['record', middle.record.replace('"done"', '"refused"')],
      ['at_ms', middle.at_ms - 1],
      ['mac', 'f'.repeat(64)],
    ] as const) {
      const { code, found } = await verdictAfter((db) => change(db, middle, `${set} = ?`, value));
      expect(code, set).to.equal(1);
      expect(found[0], set).to.equal(`audit.authentic ${row(middle)}`);
    }
  });

  it('shows what was put in as text, without letting it write on the terminal', async () => {
    const hostile = 'evil\u001b[2J\u202e';
    await withTampered(
      data,
      (db) => change(db, last, 'chain = ?', hostile),
      async (copy) => {
        const { code, stdout, stderr } = await holdfast(['doctor', '--data', copy]);
        expect(code).to.equal(1);
        expect(stdout).to.contain('evil\\u{1b}[2J\\u{202e}');
        expect(stdout + stderr).not.to.match(/\p{Cf}|(?!\n)\p{Cc}/u);
      },
    );
  });

  it('names the place where one was removed', async () => {
    const { code, found } = await verdictAfter((db) => {
      db.prepare('DELETE FROM audit_records WHERE cursor = ?').run(middle.cursor);
    });
    expect([code, found]).to.deep.equal([1, [`audit.order ${row(next)}`]]);
  });

  it('names both of two that were swapped', async () => {
    const swap = (db: DatabaseSync): void => {
      change(db, middle, 'record = ?, mac = ?', next.record, next.mac);
      change(db, next, 'record = ?, mac = ?', middle.record, middle.mac);
    };
    const { code, found } = await verdictAfter(swap);
    expect(code).to.equal(1);
    expect(found).to.include.members([`audit.authentic ${row(middle)}`, `audit.authentic ${row(next)}`]);
  });

  it('names one that was put in, at the end or in the place of another', async () => {
    const insert = (db: DatabaseSync, forged: AuditRow): void => {
      const { chain, seq, at_ms: atMs, record, mac } = forged;
      const columns = 'chain, seq, at_ms, record, mac';
      db.prepare(`INSERT INTO audit_records (${columns}) VALUES (?, ?, ?, ?, ?)`).run(
        chain,
        seq,
        atMs,
        record,
        mac,
      );
    };
    const added = await verdictAfter((db) => insert(db, { ...last, seq: last.seq + 1 }));
    expect(added.found).to.deep.equal([`audit.authentic audit_records/${last.cursor + 1}`]);
    const chain = await verdictAfter((db) => insert(db, { ...last, chain: 'mine', seq: 1 }));
    expect(chain.code).to.equal(1);
    expect(chain.found).to.include(`audit.authentic audit_records/${last.cursor + 1}`);
  });

  it('misses a chain that was dropped, its first record, and its end before the next start', async () => {
    const dropped = await verdictAfter((db) => {
      db.prepare('DELETE FROM audit_records WHERE chain = ?').run(middle.chain);
      db.prepare('DELETE FROM audit_anchors WHERE chain = ?').run(middle.chain);
    });
    expect([dropped.code, dropped.found]).to.deep.equal([1, [`audit.follows ${row(secondStart)}`]]);
    const beheaded = await verdictAfter((db) => {
      db.prepare('DELETE FROM audit_records WHERE chain = ? AND seq = 1').run(middle.chain);
    });
    expect(beheaded.found).to.deep.equal([`audit.start ${row(rows[1] as AuditRow)}`]);
    const cut = await verdictAfter((db) => {
      db.prepare('DELETE FROM audit_records WHERE chain = ? AND seq > 4').run(middle.chain);
    });
    expect(cut.found).to.include.members([
      `audit.follows ${row(secondStart)}`,
      `audit.anchor audit_anchors/${middle.chain}`,
    ]);
  });

  it('misses everything, when everything is gone', async () => {
    const { code, found } = await verdictAfter((db) =>
      db.exec('DELETE FROM audit_records; DELETE FROM audit_anchors'),
    );
    expect([code, found]).to.deep.equal([1, ['audit.begun audit_records']]);
  });

  it('misses a tail that the store had anchored, and any other by a head that was copied elsewhere', async () => {
    const cut = (db: DatabaseSync): void => {
      db.prepare('DELETE FROM audit_records WHERE cursor = ?').run(last.cursor);
    };
    expect((await verdictAfter(cut)).found, 'the last minute before a kill is in no anchor').to.deep.equal(
      [],
    );
    const head = `${last.chain}.${last.seq}.${last.mac}`;
    const place = `audit_records/${last.chain}.${last.seq}`;
    const copied = await verdictAfter(cut, '--audit-head', head);
    expect([copied.code, copied.found]).to.deep.equal([1, [`audit.head ${place}`]]);
    expect((await doctor(data, '--audit-head', head)).code).to.equal(0);
    const chain = await verdictAfter(
      (db) => {
        db.prepare('DELETE FROM audit_records WHERE chain = ?').run(last.chain);
        db.prepare('DELETE FROM audit_anchors WHERE chain = ?').run(last.chain);
      },
      '--audit-head',
      head,
    );
    expect(chain.found).to.deep.equal([`audit.head ${place}`]);
  });

  it('has told its heads in the log', async () => {
    const heads = [...log.matchAll(/"head":"([^"]+)"/g)].map(([, head]) => head as string);
    expect(heads.length).to.be.greaterThan(2);
    const flags = heads.flatMap((head) => ['--audit-head', head]);
    expect((await doctor(data, ...flags)).code).to.equal(0);
  });

  it('is not believed for an anchor that was turned back by hand', async () => {
    const turn = (db: DatabaseSync): void => {
      db.prepare('DELETE FROM audit_records WHERE chain = ? AND seq > 4').run(middle.chain);
      db.prepare('UPDATE audit_anchors SET seq = 4, head = ? WHERE chain = ?').run(middle.mac, middle.chain);
    };
    const { found } = await verdictAfter(turn);
    expect(found).to.include(`audit.authentic audit_anchors/${middle.chain}`);
  });

  it('is proven in its order only where the key is not, which is no all clear unless asked for', async () => {
    const withoutKey = (tamper: (db: DatabaseSync) => void, ...flags: readonly string[]): Promise<Verdict> =>
      withTampered(data, tamper, (copy) => {
        renameSync(join(copy, 'audit-key'), join(copy, '..', 'audit-key'));
        return doctor(copy, ...flags);
      });
    const missing = await withoutKey(() => undefined);
    expect([missing.code, missing.ok, missing.found]).to.deep.equal([1, false, []]);
    expect(missing.unproven[0]).to.contain('the audit key is not here');
    const left = await withoutKey(() => undefined, '--without-audit-key');
    expect([left.code, left.unproven.length]).to.deep.equal([0, 1]);
    const gap = await withoutKey((db) => {
      db.prepare('DELETE FROM audit_records WHERE cursor = ?').run(middle.cursor);
    }, '--without-audit-key');
    expect(gap.found).to.deep.equal([`audit.order ${row(next)}`]);
  });

  it('is proven with a key that lies elsewhere, also after another has taken its place', async () => {
    const elsewhere = mkdtempSync(join(tmpdir(), 'holdfast-key-'));
    const keys = join(elsewhere, 'keys');
    try {
      cpSync(join(data, 'audit-key'), keys);
      expect((await doctor(data, '--audit-key-file', keys)).code).to.equal(0);
      writeFileSync(keys, `${'n'.repeat(43)}\n`, { mode: 0o600 });
      expect((await doctor(data, '--audit-key-file', keys)).code).to.equal(1);
      const server = await RunningServer.start(['--demo', '--audit-key-file', keys], data);
      await act(server, 'e');
      await server.end('SIGTERM');
      const { stdout: old } = await holdfast(['audit', '--data', data]);
      expect(old).to.contain('user.created');
      const both = `${'n'.repeat(43)}\n${readFileSync(join(data, 'audit-key'), 'utf8')}`;
      writeFileSync(keys, both, { mode: 0o600 });
      expect((await doctor(data, '--audit-key-file', keys)).code).to.equal(0);
    } finally {
      rmSync(elsewhere, { recursive: true, force: true });
    }
  });

  it('cannot be proven by a head that is none', async () => {
    const { code, stderr } = await holdfast(['doctor', '--data', data, '--audit-head', 'nonsense']);
    expect(code).to.equal(2);
    expect(stderr).to.contain('--audit-head nonsense is no head');
  });
});
