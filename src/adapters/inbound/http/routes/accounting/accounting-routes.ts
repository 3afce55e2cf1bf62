import type { Route } from '../../route.ts';
import type { AccountingUseCases } from './accounting-use-cases.ts';
import { balanceRoutes } from './balance-routes.ts';
import { creditManagementRoutes } from './credit-management-routes.ts';
import { holdRoutes } from './hold-routes.ts';
import { journalRoutes } from './journal-routes.ts';
import { reservationRoutes } from './reservation-routes.ts';
import { usageRoutes } from './usage-routes.ts';

/**
 * Every route of accounting, in an order in which no `:userId` hides a fixed word. Those with permission
 * `service` answer on accounting's own port only.
 */
export const accountingRoutes = (useCases: AccountingUseCases): Route[] => [
  ...balanceRoutes(useCases),
  ...creditManagementRoutes(useCases),
  ...holdRoutes(useCases),
  ...reservationRoutes(useCases),
  ...usageRoutes(useCases),
  ...journalRoutes(useCases),
];
