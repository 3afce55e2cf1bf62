/** Runs a stream in the store of a data folder and prints each offset once its append is acknowledged, for ever. */
import { SqliteStore } from '../../../src/adapters/outbound/sqlite/sqlite-store.ts';
import { openStreamingStore } from '../../../src/adapters/outbound/sqlite/streaming/open-streaming-store.ts';
import { aChat, chunks, start } from '../stream-builders.ts';

const [dataDir = ''] = process.argv.slice(2);
const stores = await openStreamingStore(await SqliteStore.open(dataDir));
await stores.chats.add(aChat(1), undefined, 10);
const { id } = await start(stores, 1);
for (let offset = 2; ; offset += 1) {
  await stores.events.append(id, chunks(offset, `piece ${offset}`));
  process.stdout.write(`${offset}\n`);
}
