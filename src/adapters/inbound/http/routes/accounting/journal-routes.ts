import type { z } from 'zod';
import { defineRoute, type Route } from '../../route.ts';
import { logCursor } from '../paging.ts';
import type { AccountingUseCases } from './accounting-use-cases.ts';
import { journalAnswer } from './answers.ts';
import { rowsQuery } from './fields.ts';
import { journalView } from './views.ts';

/** The journal of the ledger. */
export const journalRoutes = ({ readJournal }: Pick<AccountingUseCases, 'readJournal'>): Route[] => [
  defineRoute({
    method: 'get',
    path: '/api/ledger/journal',
    operationId: 'readJournal',
    summary: 'The journal, oldest first',
    permission: 'journal.read',
    query: rowsQuery.extend({ after: logCursor('nextCursor') }),
    answers: { 200: { description: 'A page of the journal', schema: journalAnswer } },
    async handle({ query }) {
      const { rows, nextCursor, hasMore } = await readJournal.execute({
        afterCursor: query.after,
        limit: query.limit,
      });
      const answer: z.output<typeof journalAnswer> = {
        entries: rows.map(journalView),
        nextCursor,
        hasMore,
      };
      return { status: 200, body: answer };
    },
  }),
];
