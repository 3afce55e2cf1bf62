import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createHttpApp } from '../../src/adapters/inbound/http/app.ts';
import { accountingRoutes } from '../../src/adapters/inbound/http/routes/accounting/accounting-routes.ts';
import type { AccountingUseCases } from '../../src/adapters/inbound/http/routes/accounting/accounting-use-cases.ts';
import { MemoryReservationLedger } from '../../src/adapters/outbound/memory/accounting/memory-reservation-ledger.ts';
import { CryptoIdSource } from '../../src/adapters/outbound/system/crypto-id-source.ts';
import { AdjustCredit } from '../../src/application/accounting/adjust-credit.ts';
import { AllocateCredit } from '../../src/application/accounting/allocate-credit.ts';
import { CalculateCost } from '../../src/application/accounting/calculate-cost.ts';
import { CheckCredit } from '../../src/application/accounting/check-credit.ts';
import { DeductCredit } from '../../src/application/accounting/deduct-credit.ts';
import { ExtendHold } from '../../src/application/accounting/extend-hold.ts';
import { ListAllocations } from '../../src/application/accounting/list-allocations.ts';
import { ListReservations } from '../../src/application/accounting/list-reservations.ts';
import { LocalCreditHolds } from '../../src/application/accounting/local-credit-holds.ts';
import { ReadBalance } from '../../src/application/accounting/read-balance.ts';
import { ReadCheckpoint } from '../../src/application/accounting/read-checkpoint.ts';
import { ReadJournal } from '../../src/application/accounting/read-journal.ts';
import { ReadUsage } from '../../src/application/accounting/read-usage.ts';
import { RecordUsage } from '../../src/application/accounting/record-usage.ts';
import { ReleaseHold } from '../../src/application/accounting/release-hold.ts';
import { ReserveCredit } from '../../src/application/accounting/reserve-credit.ts';
import { SettleHold } from '../../src/application/accounting/settle-hold.ts';
import { Authenticate } from '../../src/application/identity/authenticate.ts';
import type {
  DirectoryEntry,
  PrincipalDirectory,
} from '../../src/application/ports/identity/principal-directory.ts';
import type { ModelCatalog, ModelDescription } from '../../src/application/ports/streaming/model-catalog.ts';
import type { CreditMicros } from '../../src/domain/accounting/credits.ts';
import { DomainError } from '../../src/domain/domain-error.ts';
import type { LoginSessionId } from '../../src/domain/identity/ids.ts';
import type { Role, UserPrincipal } from '../../src/domain/identity/principal.ts';
import { aGrant, credits, T0, user } from './ledger-builders.ts';
import { ManualClock } from './manual-clock.ts';
import { NO_KEYS } from './no-keys.ts';
import { RecordingAudit } from './recording-audit.ts';
import { RecordingLog } from './recording-log.ts';
import { RecordingMetrics } from './recording-metrics.ts';

/** The service key that the accounting of a test accepts. */
export const SERVICE_KEY = 'the-service-key';

const person = (number: number, username: string, role: Role, isVerified = true): DirectoryEntry => ({
  userId: user(number),
  username,
  email: `${username}@example.org`,
  role,
  isVerified,
  disabled: false,
});

/** Everybody whom the accounting of a test knows; `carol` has no verified email. */
export const PEOPLE = {
  admin: person(1, 'admin', 'admin'),
  sue: person(2, 'sue', 'supervisor'),
  sam: person(3, 'sam', 'supervisor'),
  alice: person(4, 'alice', 'user'),
  bob: person(5, 'bob', 'user'),
  carol: person(6, 'carol', 'user', false),
} as const;

/** A person as an accepted credential names him. */
export const principalOf = ({ userId, username, email, role }: DirectoryEntry): UserPrincipal => ({
  kind: 'user',
  userId,
  username,
  email,
  role,
  loginSessionId: `session-${username}` as LoginSessionId,
});

const everybody: readonly DirectoryEntry[] = Object.values(PEOPLE);
const directory: PrincipalDirectory = {
  resolve: async (text) =>
    everybody.find((entry) => entry.userId === text) ?? everybody.find((entry) => entry.username === text),
  resolveEmail: async (email) => everybody.find((entry) => entry.email === email),
  search: async () => ({ entries: everybody, total: everybody.length }),
};

const model = (id: string, priceMicrosPer1000: number): ModelDescription => ({
  id,
  name: id,
  description: id,
  capabilities: [],
  priceMicrosPer1000: priceMicrosPer1000 as CreditMicros,
  maxOutputTokens: 900,
  contextTokens: 8_192,
  available: true,
});

/** `handbook` costs 1 credit per 1,000 tokens; `odd` 0.333333; the price of `unpriced` is nonsense. */
const models = [model('handbook', 1_000_000), model('odd', 333_333), model('unpriced', -1)] as const;
const catalog: ModelCatalog = {
  list: () => models,
  find: (id) => models.find((candidate) => candidate.id === id),
  defaultModel: models[0],
};

/** Accounting over a ledger in memory, with a clock that the test moves. */
export class AccountingService {
  readonly #audit = new RecordingAudit();
  readonly audit = this.#audit.records;
  readonly ledger = new MemoryReservationLedger(this.#audit.log);
  readonly clock = new ManualClock(T0);
  readonly log = new RecordingLog();
  readonly metrics = new RecordingMetrics();
  readonly useCases: AccountingUseCases = this.#compose();

  /** Accounting as chat sees it in one process. */
  localHolds(): LocalCreditHolds {
    const { reserveCredit, extendHold, readCheckpoint, settleHold, releaseHold } = this.useCases;
    return new LocalCreditHolds({
      reserve: reserveCredit,
      extend: extendHold,
      checkpoint: readCheckpoint,
      settle: settleHold,
      release: releaseHold,
    });
  }

  /** Gives a person credit by the ledger itself. */
  async grant(to: DirectoryEntry, amount: number, id = `grant-${to.username}`): Promise<void> {
    const grant = aGrant({ id, amountMicros: Math.round(amount * credits(1)) as CreditMicros });
    await this.ledger.grant(to.userId, grant, { nowMs: this.clock.nowMs(), actor: 'system' });
  }

  /** The routes on a free port of loopback. The bearer `token-NAME` is NAME's access token. */
  async serve(): Promise<{ origin: URL; close(): Promise<void> }> {
    const authenticate = new Authenticate({
      ...NO_KEYS,
      tokens: {
        verify: async (token) => {
          const entry = everybody.find(({ username }) => token === `token-${username}`);
          if (entry === undefined) throw new DomainError('credential.invalid', 'The credential is not valid');
          return principalOf(entry);
        },
      },
      sessions: { isLive: async () => true },
      serviceKeys: { accepts: (presented) => presented === SERVICE_KEY },
    });
    const ids = new CryptoIdSource();
    const routes = accountingRoutes(this.useCases);
    const app = createHttpApp({ routes, authenticate, ids, log: this.log, metrics: this.metrics });
    const server = createServer(app.callback()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return {
      origin: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
      close: async () => {
        server.closeAllConnections();
        server.close();
        await once(server, 'close');
      },
    };
  }

  #compose(): AccountingUseCases {
    const { ledger, clock, log, metrics } = this;
    const ids = new CryptoIdSource();
    const audit = this.#audit;
    const capOutputTokens = 4_096;
    return {
      readBalance: new ReadBalance({ ledger, directory, clock }),
      checkCredit: new CheckCredit({ ledger, directory, clock }),
      calculateCost: new CalculateCost({ catalog }),
      allocateCredit: new AllocateCredit({ ledger, directory, clock, ids, audit }),
      adjustCredit: new AdjustCredit({ ledger, directory, clock, ids, audit }),
      deductCredit: new DeductCredit({ ledger, clock, ids }),
      listAllocations: new ListAllocations({ ledger, directory }),
      reserveCredit: new ReserveCredit({ ledger, directory, catalog, clock, capOutputTokens }),
      extendHold: new ExtendHold({ ledger, clock }),
      readCheckpoint: new ReadCheckpoint({ ledger }),
      settleHold: new SettleHold({ ledger, clock, log, metrics }),
      releaseHold: new ReleaseHold({ ledger, clock, log, metrics }),
      listReservations: new ListReservations({ ledger, directory }),
      readUsage: new ReadUsage({ ledger, directory, clock }),
      recordUsage: new RecordUsage({ ledger, directory, clock, ids }),
      readJournal: new ReadJournal({ ledger }),
    };
  }
}
