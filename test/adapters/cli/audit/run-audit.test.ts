import { expect } from 'chai';
import { runAudit } from '../../../../src/adapters/inbound/cli/audit/run-audit.ts';
import { MemoryAuditLog } from '../../../../src/adapters/outbound/memory/audit/memory-audit-log.ts';
import { ReadAudit } from '../../../../src/application/audit/read-audit.ts';
import { PortError } from '../../../../src/application/ports/port-error.ts';
import type { AuditRecord } from '../../../../src/domain/audit/audit-record.ts';
import { FakeCommandIo } from '../../../support/fake-command-io.ts';
import { T0, user } from '../../../support/ledger-builders.ts';

const OPTIONS = { follow: false, json: false, after: 0 };
const CREATED: AuditRecord = {
  act: 'user.created',
  outcome: 'done',
  actor: 'system',
  object: user(1),
  requestId: 'r1',
  facts: { role: 'user' },
};

describe('holdfast audit', () => {
  let log: MemoryAuditLog;
  let io: FakeCommandIo;
  beforeEach(() => {
    log = new MemoryAuditLog(() => T0);
    io = new FakeCommandIo();
  });

  const run = (options: Partial<typeof OPTIONS> = {}): Promise<number> =>
    runAudit(new ReadAudit({ reader: log }), { ...OPTIONS, ...options }, io);

  it('shows a record a line, oldest first', async () => {
    log.add([CREATED]);
    expect(await run()).to.equal(0);
    const time = new Date(T0).toISOString();
    expect(io.stdout.text.split('\n')).to.deep.equal([
      `1  ${time}  done     audit.started  system  -`,
      `2  ${time}  done     user.created  system  ${user(1)}  requestId="r1"  role="user"`,
      '',
    ]);
  });

  it('shows what comes after a cursor, as one JSON document a line', async () => {
    log.add([CREATED, { ...CREATED, object: user(2) }]);
    expect(await run({ json: true, after: 2 })).to.equal(0);
    expect(JSON.parse(io.stdout.text)).to.deep.include({
      ...CREATED,
      cursor: 3,
      seq: 3,
      object: user(2),
      timestamp: new Date(T0).toISOString(),
    });
  });

  it('lets nothing that a record quotes move the cursor or begin a line', async () => {
    log.add([
      { act: 'a.b', outcome: 'refused', object: 'x\n\u001b[2J\u202e', facts: { why: '\u001b[1m\n' } },
    ]);
    await run({ after: 1 });
    expect(io.stdout.text).to.contain('refused  a.b  -  x\\u{a}\\u{1b}[2J\\u{202e}  why="\\u001b[1m\\n"\n');
    expect(io.stdout.text.match(/\n/g)).to.have.length(1);
  });

  it('follows until Ctrl-C, and misses nothing', async () => {
    const running = run({ follow: true });
    for (let number = 1; number <= 3; number += 1) {
      log.add([{ ...CREATED, object: `object-${number}` }]);
      await io.stdout.until(`object-${number}`);
    }
    io.interrupt();
    expect(await running).to.equal(130);
    expect(io.stdout.text.match(/user\.created/g)).to.have.length(3);
  });

  it('says that the store is out of reach', async () => {
    const away = new PortError('unavailable', 'store', 'The store cannot be read: it is gone');
    const reader = { read: () => Promise.reject(away), heads: () => Promise.reject(away) };
    expect(await runAudit(new ReadAudit({ reader }), OPTIONS, io)).to.equal(3);
    expect(io.stderr.text).to.equal('The store cannot be read: it is gone\n');
  });
});
