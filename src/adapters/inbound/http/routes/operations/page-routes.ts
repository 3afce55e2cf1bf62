import { createHash } from 'node:crypto';
import { z } from 'zod';
import { type ContentPolicy, PAGE_POLICY } from '../../browser-policy.ts';
import { HttpRefusal } from '../../problem.ts';
import { defineRoute, type Route, type RouteReply } from '../../route.ts';

/** The page and its files, as whoever made them hands them out. */
export interface Page {
  /** Names the content of all files together. */
  readonly release: string;
  html(): string;
  file(path: string): { readonly type: string; readonly text: string } | undefined;
}

/** The page makes no Trusted Types policy, so nothing in it can turn text into markup or script (ASVS 5.0, 3.4.3). */
const POLICY: ContentPolicy = { ...PAGE_POLICY, 'trusted-types': ["'none'"] };

/** Files are named by their content, so a browser may keep them for good, in seconds. */
const FILE_LIFE_SECONDS = 31_536_000;

/** The page at the root of the chat port, and the files that it is made of. */
export const pageRoutes = (page: Page, version: string): Route[] => [
  root(page, version),
  file(page, '/app/:release/:file', 'pageFile', z.object({ release: z.string(), file: z.string() })),
  file(
    page,
    '/app/:release/:room/:file',
    'pageRoomFile',
    z.object({ release: z.string(), room: z.string(), file: z.string() }),
  ),
];

const root = (page: Page, version: string): Route =>
  defineRoute({
    method: 'get',
    path: '/',
    operationId: 'page',
    summary: 'The page for people; whoever does not ask for HTML gets a few words of text',
    permission: 'public',
    pagePolicy: POLICY,
    answers: { 200: { description: 'The page', schema: 'html' } },
    handle: async ({ header }) => {
      if (!/\btext\/html\b/i.test(header('accept') ?? '')) return greeting(version);
      const html = page.html();
      const tag = `"${createHash('sha256').update(html).digest('base64url')}"`;
      const headers = {
        'Content-Type': 'text/html; charset=utf-8',
        'Cache-Control': 'no-cache',
        Vary: 'Accept, Origin',
        ETag: tag,
      };
      if (header('if-none-match') === tag) return { status: 304, headers };
      return { status: 200, headers, body: html };
    },
  });

const greeting = (version: string): RouteReply => ({
  status: 200,
  headers: {
    'Content-Type': 'text/plain; charset=utf-8',
    'Cache-Control': 'no-cache',
    Vary: 'Accept, Origin',
  },
  body:
    `Holdfast ${version}. Open this address in a browser, or talk to it from a terminal: npx holdfast chat\n` +
    'For programs: docs/PROTOCOL.md and docs/openapi.json; GET /health tells that it runs.\n',
});

const file = (
  page: Page,
  path: string,
  operationId: string,
  params: z.ZodType<{ release: string; room?: string; file: string }>,
): Route =>
  defineRoute({
    method: 'get',
    path,
    operationId,
    summary: 'A file of the page, under the name of its content',
    permission: 'public',
    params,
    answers: { 200: { description: 'The file', schema: 'any' } },
    handle: async ({ params: { release, room, file: name } }) => {
      const found =
        release === page.release ? page.file(room === undefined ? name : `${room}/${name}`) : undefined;
      if (found === undefined) throw new HttpRefusal(404, 'request.no_route', 'There is nothing here');
      const headers = {
        'Content-Type': found.type,
        'Cache-Control': `public, max-age=${FILE_LIFE_SECONDS}, immutable`,
      };
      return { status: 200, headers, body: found.text };
    },
  });
