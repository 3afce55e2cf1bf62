import { rmSync } from 'node:fs';
import { expect } from 'chai';
import type { AuditRecord } from '../../src/domain/audit/audit-record.ts';
import { ApiClient } from '../support/api-client.ts';
import { eventually } from '../support/eventually.ts';
import { holdfast } from '../support/holdfast-command.ts';
import { RunningServer } from '../support/running-server.ts';
import { auditRows } from '../support/tampered-store.ts';
import { ThreeServices } from '../support/three-services.ts';

const recordsOf = (data: string): AuditRecord[] =>
  auditRows(data).map(({ record }) => JSON.parse(record) as AuditRecord);

async function expectClean(data: string): Promise<void> {
  const doctor = await holdfast(['doctor', '--data', data]);
  expect(doctor.code, doctor.stdout + doctor.stderr).to.equal(0);
}

describe('the audit log', function () {
  this.timeout(120_000);

  it("is each service's own where they run apart, and each can be proven by itself", async () => {
    const services = await ThreeServices.start(['--model-pace', '0']);
    try {
      const admin = await ApiClient.login(services.urls, 'admin', 'admin@admin');
      await admin.post('accounting', '/api/credits/allocate', { userId: 'user1', credits: 2 });
      const user = await ApiClient.login(services.urls, 'user1', 'User1@123');
      const chat = await user.createChat();
      await user.send('chat', 'DELETE', `/api/chat/sessions/${chat}`, undefined);
      for (const [name, act, others] of [
        ['auth', 'login.begun', ['credit.allocate', 'chat.deleted']],
        ['accounting', 'credit.allocate', ['login.begun', 'chat.deleted']],
        ['chat', 'chat.deleted', ['login.begun', 'credit.allocate']],
      ] as const) {
        const { status, body } = await admin.get(name, '/api/audit');
        expect(status, name).to.equal(200);
        const acts = body.records.map((record: AuditRecord) => record.act);
        expect(acts, name).to.include(act).and.to.include('audit.started');
        for (const other of others) expect(acts, name).not.to.include(other);
        await expectClean(services[name].data);
      }
      const chains = (['auth', 'accounting', 'chat'] as const).map(
        (name) => auditRows(services[name].data)[0]?.chain,
      );
      expect(new Set(chains)).to.have.length(3);
    } finally {
      await services.dispose();
    }
  });

  it('names the key and not its owner, when a program is refused', async () => {
    const server = await RunningServer.start(['--demo', '--model-pace', '0']);
    try {
      const user = await ApiClient.login(server.urls, 'user1', 'User1@123');
      const asked = { name: 'a program', scopes: ['chat'], password: 'User1@123' };
      const { body: key } = await user.post('auth', '/api/keys', asked);
      const program = new ApiClient(server.urls, key.key);
      const chat = await program.createChat();
      await program.update(chat, 'stream-1-forged', 'text');
      await program.send('chat', 'DELETE', `/api/chat/sessions/${chat}`, undefined);
      await eventually(async () => {
        const own = recordsOf(server.data).filter(({ actor }) => actor === `key:${key.id}`);
        expect(own.map(({ act }) => act)).to.have.members(['chat.deleted', 'stream.id_refused']);
      });
      expect(JSON.stringify(auditRows(server.data)) + server.output).not.to.contain(key.key);
    } finally {
      await server.dispose();
    }
  });

  it('has what the operator does without a server, and nothing of what he only looks at', async () => {
    const server = await RunningServer.start(['--demo']);
    const { data } = server;
    await server.end('SIGTERM');
    try {
      const before = auditRows(data).length;
      expect((await holdfast(['user', 'list', '--data', data])).code).to.equal(0);
      expect(auditRows(data)).to.have.length(before);
      expect((await holdfast(['user', 'disable', 'user1', '--data', data])).code).to.equal(0);
      const [start, disabled, ...more] = recordsOf(data).slice(before);
      expect([start?.act, more]).to.deep.equal(['audit.started', []]);
      expect(disabled).to.include({ act: 'user.disabled', outcome: 'done', actor: 'system' });
      await expectClean(data);
    } finally {
      rmSync(data, { recursive: true, force: true });
    }
  });
});
