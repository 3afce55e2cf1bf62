import { describeCreditHolds } from '../../contracts/credit-holds.ts';
import { AccountingService } from '../../support/accounting-service.ts';

describeCreditHolds('LocalCreditHolds', async () => {
  const accounting = new AccountingService();
  return { holds: accounting.localHolds(), accounting, close: async () => {} };
});
