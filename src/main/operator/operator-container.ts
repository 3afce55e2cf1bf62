import 'reflect-metadata';
import { Container } from 'inversify';
import { PromMetrics } from '../../adapters/outbound/system/prom-metrics.ts';
import { loadConfig } from '../config.ts';
import { bindEmbeddedStore, clockOf, openEmbeddedStore } from '../modules/embedded-store.ts';
import { bindIdentity, bindStreamsElsewhere } from '../modules/identity.ts';
import { bindSystem } from '../modules/system.ts';
import { openProgramLog } from '../program-log.ts';

/** Opens the store of a data folder that no server owns, for the time of one act. */
export async function withOperatorContainer<Result>(
  dataDir: string,
  act: (container: Container) => Promise<Result>,
): Promise<Result> {
  const config = await loadConfig({ environment: {}, flags: { data: dataDir, 'log.level': 'warn' } });
  const { log, flush } = openProgramLog(config);
  const store = await openEmbeddedStore(dataDir);
  try {
    const container = new Container({ defaultScope: 'Singleton' });
    const nobody = { accepts: () => false };
    bindSystem(container, {
      clock: await clockOf(store, log),
      log,
      metrics: new PromMetrics({ processMetrics: false }),
      serviceKeys: nobody,
    });
    bindIdentity(container, {
      accessTokenLifeMs: config['tokens.access'],
      loginLifeMs: config['tokens.refresh'],
    });
    bindStreamsElsewhere(container);
    await bindEmbeddedStore(container, store);
    return await act(container);
  } finally {
    await store.close();
    flush();
  }
}
