import type { Route } from '../../route.ts';
import type { ControlUseCases } from './control-use-cases.ts';
import { eventRoutes } from './event-routes.ts';
import { ownerRoutes } from './owner-routes.ts';
import { policyRoutes } from './policy-routes.ts';
import { reviewRoutes } from './review-routes.ts';

/** Every route of the agents' control plane. */
export const controlRoutes = (useCases: ControlUseCases): Route[] => [
  ...reviewRoutes(useCases),
  ...eventRoutes(useCases),
  ...policyRoutes(useCases),
  ...ownerRoutes(useCases),
];
