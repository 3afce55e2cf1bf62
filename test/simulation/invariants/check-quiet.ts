import type { World } from '../world/world.ts';

/** Whether nothing is under way or owed any more. */
export const isQuiet = async (world: World): Promise<boolean> => (await unrest(world)).length === 0;

/** Fails for everything that is still under way when it should all be over. */
export async function checkQuiet(world: World): Promise<void> {
  for (const what of await unrest(world)) world.journal.fail(`in the end, ${what}`);
}

async function unrest({ state, tabs, streamInvariants }: World): Promise<string[]> {
  const { store, ledger } = state;
  const found: string[] = [];
  for (const { session } of store.streams.values()) {
    if (session.state === 'opening' || session.state === 'running') {
      found.push(`${session.id} of ${session.chatId} is still ${session.state}`);
    }
  }
  for (const id of store.intents.keys()) found.push(`${id} is still not settled`);
  for (const { id } of await ledger.reservations({ openOnly: true, limit: 100 })) {
    found.push(`credit is still held for ${id}`);
  }
  for (const tab of tabs) {
    if (!tab.isAtEnd && !streamInvariants.isRemoved(tab.chatId)) {
      found.push(`${tab.name} has not read ${tab.chatId} to its end`);
    }
  }
  return found;
}
