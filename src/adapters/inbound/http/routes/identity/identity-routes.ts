import type { Route } from '../../route.ts';
import { accountRoutes } from './account-routes.ts';
import { apiKeyRoutes } from './api-key-routes.ts';
import type { IdentityUseCases } from './identity-use-cases.ts';
import { loginRoutes } from './login-routes.ts';
import { revocationRoutes } from './revocation-routes.ts';
import { serviceRoutes } from './service-routes.ts';
import { sessionRoutes } from './session-routes.ts';
import { ticketRoutes } from './ticket-routes.ts';
import { userRoutes } from './user-routes.ts';

/** Every route of auth. Their errors repeat the sentence as `error`, which older clients read. */
export const identityRoutes = (useCases: IdentityUseCases): Route[] =>
  [
    ...loginRoutes(useCases),
    ...sessionRoutes(useCases),
    ...accountRoutes(useCases),
    ...userRoutes(useCases),
    ...apiKeyRoutes(useCases),
    ...ticketRoutes(useCases),
    ...serviceRoutes(useCases),
    ...revocationRoutes(useCases),
  ].map((route) => ({ ...route, mirrorDetailAs: 'error' as const }));
