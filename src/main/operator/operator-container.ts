import 'reflect-metadata';
import { Container } from 'inversify';
import { PromMetrics } from '../../adapters/outbound/system/prom-metrics.ts';
import { loadConfig } from '../config.ts';
import { bindAccounting } from '../modules/accounting.ts';
import { bindIdentity, bindStreamsElsewhere } from '../modules/identity.ts';
import { openStore } from '../modules/open-store.ts';
import type { StoreConfig } from '../modules/store.ts';
import { bindSystem } from '../modules/system.ts';
import { openProgramLog } from '../program-log.ts';
import { AUDIT_KEEPER } from '../tokens/audit.ts';

/** Opens the store that no server of this data folder owns, for the time of one act. */
export async function withOperatorContainer<Result>(
  settings: StoreConfig,
  act: (container: Container) => Promise<Result>,
): Promise<Result> {
  const config = await loadConfig({ environment: {}, flags: { data: settings.data, 'log.level': 'warn' } });
  const { log, flush } = openProgramLog(config);
  const metrics = new PromMetrics({ processMetrics: false });
  const store = await openStore(settings, { log, metrics });
  try {
    const container = new Container({ defaultScope: 'Singleton' });
    const nobody = { accepts: () => false };
    bindSystem(container, {
      clock: store.clock,
      log,
      metrics,
      serviceKeys: nobody,
    });
    bindIdentity(container, {
      accessTokenLifeMs: config['tokens.access'],
      loginLifeMs: config['tokens.refresh'],
      idleMs: config['sessions.idle'],
      absoluteMs: config['sessions.absolute'],
    });
    bindAccounting(container, { capOutputTokens: config['streams.maxOutputTokens'] });
    bindStreamsElsewhere(container);
    await store.bind(container);
    const audit = container.get(AUDIT_KEEPER);
    const result = await act(container);
    await audit.finish();
    return result;
  } finally {
    await store.close();
    flush();
  }
}
