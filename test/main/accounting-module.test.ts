import 'reflect-metadata';
import { expect } from 'chai';
import { Container } from 'inversify';
import { HttpCreditHolds } from '../../src/adapters/outbound/http/accounting/http-credit-holds.ts';
import { CryptoIdSource } from '../../src/adapters/outbound/system/crypto-id-source.ts';
import { LocalCreditHolds } from '../../src/application/accounting/local-credit-holds.ts';
import type { PrincipalDirectory } from '../../src/application/ports/identity/principal-directory.ts';
import type { ModelCatalog } from '../../src/application/ports/streaming/model-catalog.ts';
import {
  bindAccounting,
  bindHttpCreditHolds,
  bindLocalCreditHolds,
} from '../../src/main/modules/accounting.ts';
import { bindLoneNode, bindNode } from '../../src/main/modules/fleet.ts';
import * as accounting from '../../src/main/tokens/accounting.ts';
import * as ports from '../../src/main/tokens.ts';
import { AccountingService, PEOPLE } from '../support/accounting-service.ts';
import { ManualTimers } from '../support/manual-timers.ts';
import { RecordingAudit } from '../support/recording-audit.ts';

describe('the composition of accounting', () => {
  let container: Container;
  let service: AccountingService;

  beforeEach(() => {
    service = new AccountingService();
    container = new Container();
    container.bind(ports.LEDGER).toConstantValue(service.ledger);
    container.bind(ports.CLOCK).toConstantValue(service.clock);
    container.bind(ports.TIMERS).toConstantValue(new ManualTimers(service.clock));
    container.bind(ports.IDS).toConstantValue(new CryptoIdSource());
    container.bind(ports.LOG).toConstantValue(service.log);
    container.bind(ports.METRICS).toConstantValue(service.metrics);
    container.bind(ports.AUDIT).toConstantValue(new RecordingAudit());
    container.bind(ports.PRINCIPAL_DIRECTORY).toConstantValue({} as PrincipalDirectory);
    container.bind(ports.MODEL_CATALOG).toConstantValue({ find: () => undefined } as unknown as ModelCatalog);
    bindLoneNode(container);
    bindNode(container, 5_000);
    bindAccounting(container, { capOutputTokens: 4_096 });
  });

  it('gives the routes use cases over the ledger that the container has', async () => {
    await service.grant(PEOPLE.alice, 3);
    const { userId } = PEOPLE.alice;
    const balance = await container.get(accounting.READ_BALANCE).execute({ account: { userId } });
    expect(balance.availableMicros).to.equal(3_000_000);
    const paths = container.get(accounting.ACCOUNTING_ROUTES).map(({ path }) => path);
    expect(paths).to.include('/api/streaming-sessions/initialize');
  });

  it('binds the sweeper and every use case', () => {
    for (const token of Object.values(accounting)) {
      expect(container.get<unknown>(token as never), String(token)).to.be.instanceOf(Object);
    }
  });

  it('lets chat hold credit here or elsewhere', () => {
    bindLocalCreditHolds(container);
    expect(container.get(ports.CREDIT_HOLDS)).to.be.instanceOf(LocalCreditHolds);
    const remote = new Container();
    remote.bind(ports.IDS).toConstantValue(new CryptoIdSource());
    remote.bind(ports.TIMERS).toConstantValue(new ManualTimers());
    bindHttpCreditHolds(remote, { accountingUrl: new URL('http://127.0.0.1:9'), serviceKey: 'key' });
    expect(remote.get(ports.CREDIT_HOLDS)).to.be.instanceOf(HttpCreditHolds);
  });
});
