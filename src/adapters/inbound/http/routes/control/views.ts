import type { z } from 'zod';
import type { ReviewerNames } from '../../../../../application/control/reviews/reviewer-names.ts';
import type { McpServerRecord } from '../../../../../application/ports/control/mcp-inventories.ts';
import type { AgentEventState, ReviewState } from '../../../../../domain/control/agent-event-state.ts';
import { invariant } from '../../../../../domain/invariant.ts';
import { nameWithin } from '../../../../../domain/multiplexing/subscriber-id.ts';
import type { SubscriberState } from '../../../../../domain/multiplexing/subscriber-state.ts';
import type { mcpServerList, ownerList, wholeEvent } from './answers.ts';

/** Shows the bytes of an event as JSON. */
export type RenderEvent = (bytes: Uint8Array) => unknown;

const time = (atMs: number): string => new Date(atMs).toISOString();
const codeOf = ({ found }: AgentEventState): string => (found.kind === 'classified' ? found.code : '');

/** A review without its event, which may be large. */
export async function reviewFactsView(state: AgentEventState, names: ReviewerNames) {
  const { review, claims, owner, sessionId, found, rule } = state;
  invariant(review !== undefined, 'only what was asked is a review');
  return {
    id: review.id,
    eventId: claims.eventId,
    eventRef: state.id,
    owner,
    sessionId,
    agentId: claims.agentId,
    madCode: codeOf(state),
    reason: review.reason,
    finding: found.reason,
    ...(rule === undefined ? {} : { rule }),
    status: review.status,
    createdAt: time(review.createdAtMs),
    deadlineAt: time(review.deadlineAtMs),
    ...resolutionOf(review, await names.of(review)),
  };
}

const resolutionOf = ({ resolvedAtMs, resolvedBy, comment }: ReviewState, name: string | undefined) => ({
  ...(resolvedAtMs === undefined ? {} : { resolvedAt: time(resolvedAtMs) }),
  ...(resolvedBy === undefined ? {} : { resolvedBy }),
  ...(name === undefined ? {} : { resolvedByName: name }),
  ...(comment === undefined ? {} : { comment }),
});

export const reviewView = async (state: AgentEventState, names: ReviewerNames, render: RenderEvent) => ({
  ...(await reviewFactsView(state, names)),
  event: render(state.bytes),
});

export function eventView(state: AgentEventState, render: RenderEvent): z.output<typeof wholeEvent> {
  const { claims, owner, profile, sessionId, found, rule, verdict, review } = state;
  const { code, status, continueExecution } = verdict;
  return {
    id: state.id,
    eventId: claims.eventId,
    owner,
    ...(profile === undefined ? {} : { profile }),
    sessionId,
    runId: claims.runId,
    agentId: claims.agentId,
    pairType: claims.pairType,
    madCode: codeOf(state),
    status: found.kind === 'classified' ? 'ok' : 'error',
    reason: found.reason,
    ...(rule === undefined ? {} : { rule }),
    receivedAt: time(state.receivedAtMs),
    delivery: state.delivery,
    verdict: { madCode: code, status, ...(continueExecution === undefined ? {} : { continueExecution }) },
    ...(review === undefined ? {} : { review: { id: review.id, status: review.status } }),
    event: render(state.bytes),
  };
}

export function mcpServerView(server: McpServerRecord): z.output<typeof mcpServerList>['servers'][number] {
  const { id, name, transport, endpoint, owner, sessionId, firstSeenAtMs, lastSeenAtMs } = server;
  const seen = { firstSeenAt: time(firstSeenAtMs), lastSeenAt: time(lastSeenAtMs) };
  return { id, name, transport, endpoint, owner, sessionId, ...seen };
}

export function ownerView(state: SubscriberState): z.output<typeof ownerList>['owners'][number] {
  const { id, owner, claimedAtMs, holders, detachedAtMs, leaseEndsAtMs, network } = state;
  return {
    sessionId: nameWithin(id),
    owner,
    claimedAt: time(claimedAtMs),
    connected: holders.length > 0,
    ...(detachedAtMs === undefined ? {} : { detachedAt: time(detachedAtMs) }),
    ...(leaseEndsAtMs === undefined ? {} : { leaseEndsAt: time(leaseEndsAtMs) }),
    ...(network === undefined ? {} : { network }),
  };
}
