import type { AccountRef } from '../../../../../application/accounting/account-ref.ts';
import { defineRoute, type Route, type RouteReply } from '../../route.ts';
import { actingUser } from '../acting-user.ts';
import type { AccountingUseCases } from './accounting-use-cases.ts';
import { reservationsAnswer } from './answers.ts';
import { accountPath, rowsQuery } from './fields.ts';
import { reservationView } from './views.ts';

type Uses = Pick<AccountingUseCases, 'listReservations'>;

interface ListKind {
  readonly word: 'active' | 'recent';
  readonly openOnly: boolean;
  readonly name: string;
}

const ACTIVE: ListKind = { word: 'active', openOnly: true, name: 'ActiveStreamingSessions' };
const RECENT: ListKind = { word: 'recent', openOnly: false, name: 'RecentStreamingSessions' };
const ANSWERS = { 200: { description: 'Reservations, newest first', schema: reservationsAnswer } };

/** Lists of reservations: open ones and all; one's own, somebody's, everybody's. `all` comes before `:userId`. */
export const reservationRoutes = (useCases: Uses): Route[] =>
  [ACTIVE, RECENT].flatMap((kind) => [
    own(useCases, kind),
    everybodys(useCases, kind),
    somebodys(useCases, kind),
  ]);

const own = (useCases: Uses, kind: ListKind): Route =>
  defineRoute({
    method: 'get',
    path: `/api/streaming-sessions/${kind.word}`,
    operationId: `listOwn${kind.name}`,
    summary: `Your ${kind.word} streaming sessions`,
    permission: 'credit.read-own',
    query: rowsQuery,
    answers: ANSWERS,
    handle: ({ principal, query }) =>
      list(useCases, kind, { userId: actingUser(principal).userId }, query.limit),
  });

const everybodys = (useCases: Uses, kind: ListKind): Route =>
  defineRoute({
    method: 'get',
    path: `/api/streaming-sessions/${kind.word}/all`,
    operationId: `listAll${kind.name}`,
    summary: `Everybody's ${kind.word} streaming sessions`,
    permission: 'credit.read-any',
    query: rowsQuery,
    answers: ANSWERS,
    handle: ({ query }) => list(useCases, kind, 'everybody', query.limit),
  });

const somebodys = (useCases: Uses, kind: ListKind): Route =>
  defineRoute({
    method: 'get',
    path: `/api/streaming-sessions/${kind.word}/:userId`,
    operationId: `list${kind.name}Of`,
    summary: `Somebody's ${kind.word} streaming sessions`,
    permission: 'credit.read-any',
    params: accountPath,
    query: rowsQuery,
    answers: ANSWERS,
    refusals: ['user.not_found'],
    handle: ({ params, query }) => list(useCases, kind, { name: params.userId }, query.limit),
  });

async function list(
  { listReservations }: Uses,
  { openOnly }: ListKind,
  account: AccountRef | 'everybody',
  limit: number,
): Promise<RouteReply> {
  const reservations = await listReservations.execute({ account, openOnly, limit });
  return { status: 200, body: reservations.map(reservationView) };
}
