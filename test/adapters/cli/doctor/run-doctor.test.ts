import { expect } from 'chai';
import { runDoctor } from '../../../../src/adapters/inbound/cli/doctor/run-doctor.ts';
import { DiagnoseStore } from '../../../../src/application/doctor/diagnose-store.ts';
import { PortError } from '../../../../src/application/ports/port-error.ts';
import type {
  Found,
  InspectedAccount,
  Page,
  Seen,
  StoreInspection,
  StorePicture,
} from '../../../../src/application/ports/store-inspection.ts';
import { CreditAccount } from '../../../../src/domain/accounting/credit-account.ts';
import { type Authenticate, headText } from '../../../../src/domain/audit/audit-chain.ts';
import { aChain, anchorOf, TEST_MAC } from '../../../support/audit-builders.ts';
import { FakeCommandIo } from '../../../support/fake-command-io.ts';
import { credits, user } from '../../../support/ledger-builders.ts';

const chain = aChain({ act: 'login.begun', outcome: 'done' });
const ENDS = `The audit log ends at ${headText(anchorOf(chain).head)}\n`;

async function* pageOf<Value>(rows: Page<Value>): AsyncGenerator<Page<Value>> {
  yield rows;
}

/** A store that has these accounts and nothing else. */
function inspectionOf(accounts: ReadonlyArray<Seen<InspectedAccount>>): StoreInspection {
  const none = (): AsyncIterable<Page<never>> => pageOf<never>([]);
  const nothing = async (): Promise<Found<never>> => new Map<string, never>();
  const picture: StorePicture = {
    identity: { users: none, logins: none, apiKeys: none, usersOf: nothing },
    accounts: () => pageOf(accounts),
    grants: none,
    reservations: none,
    journal: none,
    usage: none,
    chats: none,
    streams: none,
    messages: none,
    intents: none,
    agentEvents: none,
    auditRecords: () => pageOf(chain.map((value) => ({ row: `audit_records/${value.cursor}`, value }))),
    auditAnchors: () => pageOf([{ row: 'audit_anchors/chain', value: anchorOf(chain) }]),
    reservationsOf: nothing,
    journalRowsOf: nothing,
    usageRecordsOf: nothing,
    chatsOf: nothing,
    streamsOf: nothing,
    messagesOf: nothing,
    intentsOf: nothing,
    logsOf: nothing,
  };
  return { inspect: (look) => look(picture) };
}

const empty = CreditAccount.empty(user(1)).snapshot();
const sound: Seen<InspectedAccount> = { row: `accounts/${user(1)}`, value: empty };
const broken: Seen<InspectedAccount> = {
  row: 'accounts/broken',
  value: { ...empty, chargedMicros: credits(1), expiredMicros: credits(1), grantedMicros: credits(2) },
};

async function run(
  inspection: StoreInspection,
  {
    json = false,
    leaveUnproven = false,
    keys = [TEST_MAC],
  }: { json?: boolean; leaveUnproven?: boolean; keys?: readonly Authenticate[] } = {},
): Promise<{ code: number; out: string; err: string }> {
  const io = new FakeCommandIo();
  const diagnose = new DiagnoseStore({ inspection, digest: io.digest, audit: { keys, heads: [] } });
  const code = await runDoctor(diagnose, { json, leaveUnproven }, io);
  return { code, out: io.stdout.text, err: io.stderr.text };
}

describe('holdfast doctor', () => {
  it('ends with 0 and says how much it has seen when all promises hold', async () => {
    expect(await run(inspectionOf([sound]))).to.deep.equal({
      code: 0,
      out: '',
      err: `All promises hold: 4 rows looked at.\n${ENDS}`,
    });
  });

  it('ends with 1 and names each row on stdout when a promise is broken', async () => {
    const { code, out, err } = await run(inspectionOf([sound, broken]));
    expect(code).to.equal(1);
    expect(out.split('\n').filter((line) => line !== '')).to.deep.equal([
      'accounts/broken  journal.replay  charged is 1000000 and should be 0',
      'accounts/broken  journal.replay  expired is 1000000 and should be 0',
      'accounts/broken  journal.replay  granted is 2000000 and should be 0',
    ]);
    expect(err).to.equal(`3 promises are broken by 1 of 5 rows.\n${ENDS}`);
  });

  it('prints one JSON document and nothing else when asked to', async () => {
    const { code, out, err } = await run(inspectionOf([{ row: 'accounts/x', unreadable: 'not JSON' }]), {
      json: true,
    });
    expect(code).to.equal(1);
    expect(JSON.parse(out)).to.deep.include({
      ok: false,
      findings: [{ promise: 'row.readable', row: 'accounts/x', problem: 'it cannot be read back: not JSON' }],
    });
    expect(JSON.parse(out).checked).to.include({ accounts: 1, streams: 0 });
    expect(err).to.equal('');
  });

  it('proves nothing of the audit log without its key, says so, and takes that for no all clear', async () => {
    const unproven = 'whether the 2 audit records are what was written: the audit key is not here';
    const outcome = await run(inspectionOf([sound]), { keys: [] });
    expect(outcome).to.deep.equal({
      code: 1,
      out: '',
      err: `No promise is seen to be broken: 4 rows looked at.\nNot proven: ${unproven}.\n${ENDS}`,
    });
    const left = await run(inspectionOf([sound]), { keys: [], leaveUnproven: true, json: true });
    expect(left.code).to.equal(0);
    expect(JSON.parse(left.out)).to.deep.include({ ok: true, findings: [], unproven: [unproven] });
  });

  it('ends with 3 and the reason when the store cannot be read', async () => {
    const unreadable: StoreInspection = {
      inspect: async () => {
        throw new PortError('unavailable', 'store', 'There is no Holdfast store in /nowhere.');
      },
    };
    expect(await run(unreadable)).to.deep.equal({
      code: 3,
      out: '',
      err: 'There is no Holdfast store in /nowhere.\n',
    });
  });
});
