import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect } from 'chai';
import type { AuditRecord } from '../../src/domain/audit/audit-record.ts';
import { ApiClient } from '../support/api-client.ts';
import { holdfast } from '../support/holdfast-command.ts';
import { RunningServer } from '../support/running-server.ts';
import { auditRows } from '../support/tampered-store.ts';

/** Who acts at once. */
const ACTORS = 6;
/** The server is killed once so many acts were acknowledged, while others are under way. */
const KILLED_AFTER = [1, 7, 23] as const;

/** An act that a client was told is done. */
interface Acknowledged {
  readonly act: string;
  readonly object: string;
}

/** Acts without end, until the server is gone. */
async function actOn(server: RunningServer, name: string, told: (act: Acknowledged) => void): Promise<void> {
  try {
    const admin = await ApiClient.login(server.urls, 'admin', 'admin@admin');
    for (let number = 0; ; number += 1) {
      const username = `${name}-${number}`;
      const account = { username, email: `${username}@example.org`, password: 'quartz lantern meadow' };
      const { body } = await admin.post('auth', '/api/admin/users', account);
      told({ act: 'user.created', object: body.user.id });
      for (const role of ['supervisor', 'admin', 'user']) {
        const change = JSON.stringify({ role });
        const { status } = await admin.send('auth', 'PATCH', `/api/admin/users/${body.user.id}`, change);
        if (status === 200) told({ act: 'user.role_changed', object: body.user.id });
      }
      const given = { userId: body.user.id, credits: 1 };
      const { status } = await admin.post('accounting', '/api/credits/allocate', given);
      if (status === 201) told({ act: 'credit.allocate', object: body.user.id });
    }
  } catch {
    // The server was killed.
  }
}

/** Kills the server amid acts; returns those that were acknowledged. */
async function killAmid(server: RunningServer, after: number, round: number): Promise<Acknowledged[]> {
  const acknowledged: Acknowledged[] = [];
  let killed: Promise<unknown> | undefined;
  const told = (act: Acknowledged): void => {
    acknowledged.push(act);
    if (acknowledged.length >= after) killed ??= server.end('SIGKILL');
  };
  await Promise.all(
    Array.from({ length: ACTORS }, (_, actor) => actOn(server, `round${round}-${actor}`, told)),
  );
  await killed;
  return acknowledged;
}

const countOf = (values: readonly string[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
};

/** What the store's tables say was done, in the words of the audit. */
function doneIn(data: string): { users: Map<string, string>; grants: string[]; logins: string[] } {
  const db = new DatabaseSync(join(data, 'holdfast.db'), { readOnly: true });
  try {
    const all = (sql: string): Record<string, string>[] => db.prepare(sql).all() as Record<string, string>[];
    return {
      users: new Map(all('SELECT id, role FROM users').map(({ id = '', role = '' }) => [id, role])),
      grants: all('SELECT user_id FROM grants').map(({ user_id: id = '' }) => id),
      logins: all('SELECT id FROM login_sessions').map(({ id = '' }) => id),
    };
  } finally {
    db.close();
  }
}

describe('acts amid which the server is killed', function () {
  this.timeout(120_000);

  it('are recorded if and only if they are done, and the chain is whole', async () => {
    let server = await RunningServer.start(['--demo']);
    try {
      for (const [round, after] of KILLED_AFTER.entries()) {
        const acknowledged = await killAmid(server, after, round);
        const { data } = server;
        const records = auditRows(data).map(({ record }) => JSON.parse(record) as AuditRecord);
        const recorded = (act: string): AuditRecord[] => records.filter((record) => record.act === act);
        const objects = (act: string): string[] => recorded(act).map(({ object = '' }) => object);

        const told = countOf(acknowledged.map(({ act, object }) => `${act} ${object}`));
        const kept = countOf(records.map(({ act, object }) => `${act} ${object}`));
        for (const [act, times] of Object.entries(told)) expect(kept[act], act).to.be.at.least(times);

        const { users, grants, logins } = doneIn(data);
        expect(objects('user.created')).to.have.members([...users.keys()]);
        for (const { object = '', facts } of recorded('user.created')) {
          const last = recorded('user.role_changed').findLast((change) => change.object === object);
          expect(users.get(object), object).to.equal(last?.facts?.to ?? facts?.role);
        }
        expect(objects('credit.allocate')).to.have.members(grants);
        expect(objects('login.begun')).to.have.members(logins);

        const doctor = await holdfast(['doctor', '--data', data]);
        expect(doctor.code, doctor.stdout + doctor.stderr).to.equal(0);
        server = await RunningServer.start(['--demo'], data);
      }
    } finally {
      await server.dispose();
    }
  });
});
