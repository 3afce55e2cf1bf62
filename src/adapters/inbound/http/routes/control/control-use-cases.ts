import type { ChangePolicy } from '../../../../../application/control/change-policy.ts';
import type { ControlOverview } from '../../../../../application/control/control-overview.ts';
import type { ReadEvents } from '../../../../../application/control/read-events.ts';
import type { ReadMcpServers } from '../../../../../application/control/read-mcp-servers.ts';
import type { FollowReviews } from '../../../../../application/control/reviews/follow-reviews.ts';
import type { ReadReviews } from '../../../../../application/control/reviews/read-reviews.ts';
import type { ResolveReview } from '../../../../../application/control/reviews/resolve-review.ts';
import type { ReviewerNames } from '../../../../../application/control/reviews/reviewer-names.ts';
import type { SessionOwners } from '../../../../../application/control/session-owners.ts';
import type { EventStreams } from '../../sse-response.ts';
import type { RenderEvent } from './views.ts';

/** Everything that the routes of the agents' control plane ask. */
export interface ControlUseCases {
  readonly readReviews: ReadReviews;
  readonly resolveReview: ResolveReview;
  readonly followReviews: FollowReviews;
  readonly reviewerNames: ReviewerNames;
  readonly readEvents: ReadEvents;
  readonly changePolicy: ChangePolicy;
  readonly readMcpServers: ReadMcpServers;
  readonly overview: ControlOverview;
  readonly sessionOwners: SessionOwners;
  readonly eventStreams: EventStreams;
  readonly renderEvent: RenderEvent;
}
