import { expect } from 'chai';
import { runDoctor } from '../../../../src/adapters/inbound/cli/doctor/run-doctor.ts';
import { DiagnoseStore } from '../../../../src/application/doctor/diagnose-store.ts';
import { PortError } from '../../../../src/application/ports/port-error.ts';
import type {
  InspectedAccount,
  Seen,
  StoreInspection,
  StorePicture,
} from '../../../../src/application/ports/store-inspection.ts';
import { CreditAccount } from '../../../../src/domain/accounting/credit-account.ts';
import { FakeCommandIo } from '../../../support/fake-command-io.ts';
import { credits, user } from '../../../support/ledger-builders.ts';

/** A store that has these accounts and nothing else. */
function inspectionOf(accounts: ReadonlyArray<Seen<InspectedAccount>>): StoreInspection {
  const none = (): never[] => [];
  const nothing = (): undefined => undefined;
  const picture: StorePicture = {
    accounts: () => accounts,
    grants: none,
    reservations: none,
    journal: none,
    usage: none,
    chats: none,
    streams: none,
    intents: none,
    reservation: nothing,
    journalRows: none,
    usageRecord: nothing,
    stream: nothing,
    intent: nothing,
    log: nothing,
  };
  return { inspect: async (look) => look(picture) };
}

const empty = CreditAccount.empty(user(1)).snapshot();
const sound: Seen<InspectedAccount> = { row: `accounts/${user(1)}`, value: empty };
const broken: Seen<InspectedAccount> = {
  row: 'accounts/broken',
  value: { ...empty, chargedMicros: credits(1), expiredMicros: credits(1), grantedMicros: credits(2) },
};

async function run(
  inspection: StoreInspection,
  json = false,
): Promise<{ code: number; out: string; err: string }> {
  const io = new FakeCommandIo();
  const code = await runDoctor(new DiagnoseStore({ inspection, digest: io.digest }), { json }, io);
  return { code, out: io.stdout.text, err: io.stderr.text };
}

describe('holdfast doctor', () => {
  it('ends with 0 and says how much it has seen when all promises hold', async () => {
    expect(await run(inspectionOf([sound]))).to.deep.equal({
      code: 0,
      out: '',
      err: 'All promises hold: 1 rows looked at.\n',
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
    expect(err).to.equal('3 promises are broken by 1 of 2 rows.\n');
  });

  it('prints one JSON document and nothing else when asked to', async () => {
    const { code, out, err } = await run(inspectionOf([{ row: 'accounts/x', unreadable: 'not JSON' }]), true);
    expect(code).to.equal(1);
    expect(JSON.parse(out)).to.deep.include({
      ok: false,
      findings: [{ promise: 'row.readable', row: 'accounts/x', problem: 'it cannot be read back: not JSON' }],
    });
    expect(JSON.parse(out).checked).to.include({ accounts: 1, streams: 0 });
    expect(err).to.equal('');
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
