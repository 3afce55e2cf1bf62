import type { AgentRoute, ReviewId } from './agent-event-state.ts';

/**
 * What nodes and pages are told of agents' events: a hint to look at the store, never the thing itself.
 *
 * - `due`: something has become due to a route, or may go to another of its connections now.
 * - `review`: a person is asked, or has decided.
 * - `event`: an event was taken.
 * - `policy`: the policy book has a new version.
 * - `owners`: a session route has been taken from its owner.
 */
export type ControlWord =
  | { readonly kind: 'due'; readonly route: AgentRoute }
  | { readonly kind: 'review'; readonly id: ReviewId }
  | { readonly kind: 'event' | 'policy' }
  | { readonly kind: 'owners'; readonly sessionId: string };
