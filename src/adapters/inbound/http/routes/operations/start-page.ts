import { createHash } from 'node:crypto';
import { defineRoute, type Route } from '../../route.ts';

const STYLE = `
:root { color-scheme: light dark; --ink: #1d2530; --paper: #fbfaf7; --line: #d9d4c8; --mark: #0b5d57; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e3dc; --paper: #14181d; --line: #353b43; --mark: #6fd0c6; }
}
* { box-sizing: border-box; }
body { margin: 0; padding: 3rem 1.25rem; background: var(--paper); color: var(--ink); font: 1.05rem/1.6 system-ui, sans-serif; }
main { max-width: 44rem; margin: 0 auto; }
h1 { margin: 0 0 .25rem; font-size: 2.2rem; letter-spacing: -.02em; }
h2 { margin: 2.2rem 0 .4rem; font-size: 1.1rem; color: var(--mark); }
pre { overflow-x: auto; padding: .8rem 1rem; border: 1px solid var(--line); border-radius: .5rem; font: .95rem/1.5 ui-monospace, monospace; }
p { margin: .4rem 0; }
`;

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Holdfast</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>Holdfast runs.</h1>
<p>It keeps streaming sessions honest: a stream cannot be forged, hijacked, starved, double-billed or lost.</p>
<h2>Talk to it</h2>
<pre><code>npx holdfast chat</code></pre>
<p>Ask a question, watch the answer come, see what it cost. Cut the connection: it goes on where it was.</p>
<h2>See every promise kept</h2>
<pre><code>npx holdfast verify</code></pre>
<p>Walks the whole flow against this server and stops at the first broken promise.</p>
<h2>Look at its books</h2>
<pre><code>npx holdfast doctor</code></pre>
<p>Proves that every credit and every stream in the store adds up.</p>
<h2>Build on it</h2>
<p>Plain HTTP and server-sent events. The address <code>/health</code> tells how the server is; the folder
<code>docs</code> holds the protocol and the OpenAPI document.</p>
</main>
</body>
</html>
`;

const styleHash = createHash('sha256').update(STYLE).digest('base64');

/** What a browser may do with the page: show its one style, nothing else. */
const POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${styleHash}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The page at the root of the chat port: it says what to type next. */
export const startPageRoute = (): Route =>
  defineRoute({
    method: 'get',
    path: '/',
    operationId: 'startPage',
    summary: 'A page for people who open the address in a browser',
    permission: 'public',
    answers: { 200: { description: 'The page', schema: 'html' } },
    handle: async () => ({
      status: 200,
      headers: { 'Content-Type': 'text/html; charset=utf-8', 'Content-Security-Policy': POLICY },
      body: PAGE,
    }),
  });
