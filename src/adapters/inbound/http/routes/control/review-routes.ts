import type { ReviewNews } from '../../../../../application/control/reviews/review-follower.ts';
import type { ReviewerNames } from '../../../../../application/control/reviews/reviewer-names.ts';
import { defineRoute, type Route } from '../../route.ts';
import { sseNotice } from '../../sse-encoder.ts';
import { loggedInUser } from '../acting-user.ts';
import * as answers from './answers.ts';
import type { ControlUseCases } from './control-use-cases.ts';
import { decisionBody, idPath, reviewQuery } from './fields.ts';
import { reviewFactsView, reviewView } from './views.ts';

type Uses = Pick<
  ControlUseCases,
  'readReviews' | 'resolveReview' | 'followReviews' | 'reviewerNames' | 'eventStreams' | 'renderEvent'
>;

/** What a reviewer is told when nobody of the agent's is there. */
const AGENT_IS_AWAY = 'The agent is not connected; it gets the decision when it comes back within 24 hours';

/** What agents ask persons, and what these decide; `live` comes before `:id`. */
export const reviewRoutes = (useCases: Uses): Route[] => [
  list(useCases),
  live(useCases),
  one(useCases),
  resolve(useCases, 'approved'),
  resolve(useCases, 'rejected'),
];

const list = ({ readReviews, reviewerNames, renderEvent }: Uses): Route =>
  defineRoute({
    method: 'get',
    path: '/api/reviews',
    operationId: 'listReviews',
    summary: 'What agents ask persons, newest first',
    permission: 'control.review',
    query: reviewQuery,
    answers: {
      200: {
        description: 'A page of reviews, shorter where their events are large',
        schema: answers.reviewList,
      },
    },
    handle: async ({ query }) => {
      const { status, after, limit } = query;
      const { events, next } = await readReviews.execute({
        ...(status === undefined ? {} : { status }),
        ...(after === undefined ? {} : { after }),
        limit,
      });
      const reviews = await Promise.all(events.map((event) => reviewView(event, reviewerNames, renderEvent)));
      return { status: 200, body: { reviews, ...(next === undefined ? {} : { next }) } };
    },
  });

const live = ({ followReviews, reviewerNames, eventStreams }: Uses): Route =>
  defineRoute({
    method: 'get',
    path: '/api/reviews/live',
    operationId: 'followReviews',
    summary: 'Tells of reviews as they are asked for and decided',
    permission: 'control.review',
    answers: {
      200: {
        description:
          'ready, then review (without its event) for each that is new or decided; after ready and after missed, list the reviews',
        schema: 'event-stream',
      },
    },
    refusals: ['stream.limit_reached'],
    handle: async ({ principal }) => {
      const reader = loggedInUser(principal);
      const follower = followReviews.follow(reader.userId);
      return {
        raw: async (_request, response) => {
          const connection = eventStreams.open(response, { reader }, () => follower.close());
          void connection.write(sseNotice('ready', {}));
          for (let news = await follower.next(); news !== undefined; news = await follower.next()) {
            const text = await Promise.all(news.map((item) => noticeOf(item, reviewerNames)));
            await connection.write(text.join(''));
          }
          // The server stops: whoever follows comes back to another.
          connection.end();
        },
      };
    },
  });

const noticeOf = async (news: ReviewNews, names: ReviewerNames): Promise<string> =>
  news.kind === 'missed'
    ? sseNotice('missed', {})
    : sseNotice('review', await reviewFactsView(news.event, names));

const one = ({ readReviews, reviewerNames, renderEvent }: Uses): Route =>
  defineRoute({
    method: 'get',
    path: '/api/reviews/:id',
    operationId: 'readReview',
    summary: 'One review with its event',
    permission: 'control.review',
    params: idPath,
    answers: { 200: { description: 'The review', schema: answers.wholeReview } },
    refusals: ['review.not_found'],
    handle: async ({ params }) => ({
      status: 200,
      body: await reviewView(await readReviews.one(params.id), reviewerNames, renderEvent),
    }),
  });

const resolve = ({ resolveReview }: Uses, decision: 'approved' | 'rejected'): Route =>
  defineRoute({
    method: 'post',
    path: `/api/reviews/:id/${decision === 'approved' ? 'approve' : 'reject'}`,
    operationId: decision === 'approved' ? 'approveReview' : 'rejectReview',
    summary: decision === 'approved' ? 'Let the agent go on' : 'Stop the agent',
    permission: 'control.review',
    params: idPath,
    body: decisionBody,
    answers: { 200: { description: 'It is decided', schema: answers.resolvedReview } },
    refusals: ['review.not_found', 'review.already_resolved'],
    handle: async ({ principal, params, body, requestId }) => {
      const { comment } = body;
      const { event, isAway } = await resolveReview.execute({
        reviewId: params.id,
        decision,
        ...(comment === undefined || comment === '' ? {} : { comment }),
        by: loggedInUser(principal).userId,
        requestId,
      });
      return {
        status: 200,
        body: { status: event.review?.status, resolved: true, ...(isAway ? { notice: AGENT_IS_AWAY } : {}) },
      };
    },
  });
