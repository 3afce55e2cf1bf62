import type { OpenStore, StoreConfig, Telling } from './store.ts';

/**
 * Opens the store that the configuration names: the embedded one of a data folder, or the MongoDB of a fleet. What the
 * other kind needs is not even loaded.
 *
 * @throws OperatorError with a sentence when it cannot be used; ConfigError when a key that it needs cannot.
 */
export async function openStore(config: StoreConfig, telling: Telling): Promise<OpenStore> {
  if (config['mongodb.url'] === undefined) {
    const { openEmbeddedStore } = await import('./embedded-store.ts');
    return openEmbeddedStore(config, telling);
  }
  const { openFleetStore } = await import('./fleet-store.ts');
  return openFleetStore({ ...config, 'mongodb.url': config['mongodb.url'] }, telling);
}
