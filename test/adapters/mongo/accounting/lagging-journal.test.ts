import { expect } from 'chai';
import { JournalLog } from '../../../../src/adapters/outbound/mongo/accounting/journal-log.ts';
import type { MongoStore } from '../../../../src/adapters/outbound/mongo/mongo-store.ts';
import { PortError } from '../../../../src/application/ports/port-error.ts';
import type { JournalEntry } from '../../../../src/domain/accounting/journal-entry.ts';

/** How long a majority takes to have what another node has inserted, in milliseconds. */
const LAG_MS = 300;

describe('the journal of a fleet whose members lag behind', () => {
  it('waits for a majority to have what another node appends at the same time', async () => {
    const fromMs = performance.now();
    const isSeen = (): boolean => performance.now() - fromMs > LAG_MS;
    const entry = { id: 'told-twice' } as JournalEntry;
    let asked = 0;
    const documents = {
      insertOne: async () => {
        throw new PortError('conflict', 'store', 'the key is there already');
      },
      findOne: async () => (isSeen() ? { _id: 1 } : null),
      find: () => ({
        toArray: async () => {
          asked += 1;
          return isSeen() ? [{ _id: 1, entries: [entry] }] : [];
        },
      }),
    };
    const store = {
      collection: () => documents,
      read: (work: () => Promise<unknown>) => work(),
      write: (work: () => Promise<unknown>) => work(),
    } as unknown as MongoStore;
    await new JournalLog(store).append([entry]);
    expect(isSeen()).to.equal(true);
    expect(asked).to.be.below(100);
  });
});
