import type { Route } from '../../route.ts';
import { chatRoutes } from './chat-routes.ts';
import { modelRoutes } from './model-routes.ts';
import { receiptRoutes } from './receipt-routes.ts';
import { streamRoutes } from './stream-routes.ts';
import type { StreamingUseCases } from './streaming-use-cases.ts';
import { supervisionRoutes } from './supervision-routes.ts';

/** Every route of chat. */
export const streamingRoutes = (useCases: StreamingUseCases): Route[] => [
  ...chatRoutes(useCases),
  ...streamRoutes(useCases),
  ...receiptRoutes(useCases),
  ...supervisionRoutes(useCases),
  ...modelRoutes(useCases),
];
