import { expect } from 'chai';
import {
  type BulkWriteResult,
  MongoBulkWriteError,
  MongoServerError,
  MongoServerSelectionError,
  type TopologyDescription,
  type WriteError,
} from 'mongodb';
import { decideWrite } from '../../../src/adapters/outbound/mongo/decide.ts';
import { writeFault } from '../../../src/adapters/outbound/mongo/mongo-fault.ts';
import type { MongoStore } from '../../../src/adapters/outbound/mongo/mongo-store.ts';
import { Reachability } from '../../../src/adapters/outbound/mongo/reachability.ts';
import { PortError } from '../../../src/application/ports/port-error.ts';

const TAKEN = 11_000;
const WRITE_CONFLICT = 112;
const NOT_CONFIRMED = 64;
const NOT_ALLOWED = 13;

/** What the driver throws of a bulk, as it makes it. */
function bulkError(
  met: ConstructorParameters<typeof MongoBulkWriteError>[0],
  isConfirmed = true,
): MongoBulkWriteError {
  const result = { getWriteConcernError: () => (isConfirmed ? undefined : { code: NOT_CONFIRMED }) };
  return new MongoBulkWriteError(met, result as unknown as BulkWriteResult);
}

const refusals = (...codes: readonly number[]): MongoBulkWriteError => {
  const writeErrors = codes.map((code, index) => ({ code, index })) as WriteError[];
  return bulkError({ message: 'refused', code: codes[0] ?? 0, writeErrors });
};
const noServer = () => bulkError(new MongoServerSelectionError('nobody', {} as TopologyDescription));
const notConfirmed = () => bulkError({ message: 'waited in vain', code: NOT_CONFIRMED }, false);

describe('a bulk that fails', () => {
  it('is a conflict when keys are taken and nothing else went wrong', () => {
    expect(writeFault(refusals(TAKEN, TAKEN)))
      .to.be.instanceOf(PortError)
      .and.include({ kind: 'conflict' });
    expect(writeFault(refusals(TAKEN, WRITE_CONFLICT))).to.include({ kind: 'timeout' });
  });

  it('is not told as not done when a majority has not confirmed what was done', () => {
    const taken = {
      message: 'refused',
      code: TAKEN,
      writeErrors: [{ code: TAKEN, index: 0 }] as WriteError[],
    };
    for (const error of [bulkError(taken, false), notConfirmed(), noServer()]) {
      expect(writeFault(error)).to.include({ kind: 'timeout' });
    }
  });

  describe('and has to be decided', () => {
    const store = { attempt: (work: () => Promise<unknown>) => work() } as unknown as MongoStore;
    let tries: number;
    beforeEach(() => {
      tries = 0;
    });

    /** Fails once. */
    const decided = (error: Error, known: () => Promise<string | undefined>): Promise<string> =>
      decideWrite(store, {
        attempt: async () => {
          tries += 1;
          if (tries === 1) throw error;
          return 'done again';
        },
        known,
      });

    for (const [what, errorOf] of [
      ['a majority has not confirmed', notConfirmed],
      ['found no server any more, as what is repeated after a lost connection does', noServer],
      ['was done in part', () => refusals(TAKEN, WRITE_CONFLICT)],
    ] as const) {
      it(`is asked for when ${what}`, async () => {
        expect(await decided(errorOf(), async () => 'done before')).to.equal('done before');
        expect(tries).to.equal(1);
        tries = 0;
        expect(await decided(errorOf(), async () => undefined)).to.equal('done again');
        expect(tries).to.equal(2);
      });
    }

    it('is not tried again when the server refuses the command', async () => {
      const refused = bulkError(new MongoServerError({ message: 'not allowed', code: NOT_ALLOWED }));
      const outcome = await decided(refused, async () => undefined).catch((error: unknown) => error);
      expect(outcome).to.be.instanceOf(PortError).and.include({ kind: 'unavailable' });
      expect(tries).to.equal(1);
    });
  });

  it('tells that there is no server, so that nobody waits for one before the next command', () => {
    const reach = new Reachability(async () => undefined);
    reach.heard(noServer());
    expect(reach.isGone).to.equal(true);
    reach.close();
  });
});
