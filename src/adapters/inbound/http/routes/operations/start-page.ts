import { createHash } from 'node:crypto';
import type { ContentPolicy } from '../../browser-policy.ts';
import { defineRoute, type Route } from '../../route.ts';

const STYLE = `
:root {
  color-scheme: light dark;
  --ink: #1c2530; --soft: #5a6572; --paper: #faf9f6; --card: #ffffff; --line: #dfdacf; --mark: #0b5d57; --wash: #e4f1ef;
}
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8e5de; --soft: #a2abb5; --paper: #12161b; --card: #1a2027; --line: #303842; --mark: #6fd0c6; --wash: #17302e; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.6 system-ui, sans-serif; }
main { max-width: 52rem; margin: 0 auto; padding: 3.5rem 1.5rem 2.5rem; }
header { display: flex; gap: 1.25rem; align-items: center; }
svg { flex: none; width: 4rem; height: 4rem; color: var(--mark); }
h1 { margin: 0; font-size: 2.25rem; line-height: 1.2; letter-spacing: -.02em; }
header p { margin: .25rem 0 0; color: var(--soft); }
ul { list-style: none; margin: 2.5rem 0 0; padding: 0; display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(22rem, 100%), 1fr)); }
li { padding: 1.25rem; border: 1px solid var(--line); border-radius: .75rem; background: var(--card); }
h2 { margin: 0; font-size: 1.05rem; }
li p { margin: .6rem 0 0; color: var(--soft); }
pre { margin: .75rem 0 0; padding: .6rem .8rem; white-space: pre-wrap; overflow-wrap: anywhere; border-radius: .5rem; background: var(--wash); font: .95rem/1.5 ui-monospace, monospace; }
code { font-family: ui-monospace, monospace; color: var(--ink); }
footer { margin-top: 2.5rem; padding-top: 1.25rem; border-top: 1px solid var(--line); color: var(--soft); }
a { color: var(--mark); }
a:focus-visible { outline: 2px solid var(--mark); outline-offset: 2px; }
`;

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Holdfast runs</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<header>
<svg viewBox="0 0 64 64" fill="none" stroke="currentColor" stroke-width="5" stroke-linecap="round" aria-hidden="true">
<circle cx="32" cy="12" r="6"/><path d="M32 18v38M20 28h24M10 40c2 10 11 16 22 16s20-6 22-16"/>
</svg>
<div>
<h1>Holdfast runs.</h1>
<p>A stream cannot be forged, hijacked, starved, double-billed or lost.</p>
</div>
</header>
<ul>
<li>
<h2>Talk to it</h2>
<pre><code>npx holdfast chat</code></pre>
<p>Ask a question, watch the answer come, see what it cost. Cut the connection: it goes on where it was.</p>
</li>
<li>
<h2>See every promise kept</h2>
<pre><code>npx holdfast verify</code></pre>
<p>Walks the whole flow against this server and stops at the first broken promise.</p>
</li>
<li>
<h2>Look at its books</h2>
<pre><code>npx holdfast doctor</code></pre>
<p>Proves that every credit and every stream in the store adds up.</p>
</li>
<li>
<h2>Build on it</h2>
<pre><code>docs/PROTOCOL.md</code></pre>
<p>Plain HTTP and server-sent events; every route is in <code>docs/openapi.json</code>.</p>
</li>
</ul>
<footer><a href="/health">Health</a> · <a href="/health/ready">Readiness</a> · <a href="/api/version">Version</a></footer>
</main>
</body>
</html>
`;

const styleHash = createHash('sha256').update(STYLE).digest('base64');

/** The page shows its one style and does nothing else. */
const POLICY: ContentPolicy = {
  'default-src': ["'none'"],
  'style-src': [`'sha256-${styleHash}'`],
  'base-uri': ["'none'"],
  'form-action': ["'none'"],
  'frame-ancestors': ["'none'"],
};

/** The page at the root of the chat port: it says what to type next. */
export const startPageRoute = (): Route =>
  defineRoute({
    method: 'get',
    path: '/',
    operationId: 'startPage',
    summary: 'A page for people who open the address in a browser',
    permission: 'public',
    pagePolicy: POLICY,
    answers: { 200: { description: 'The page', schema: 'html' } },
    handle: async () => ({
      status: 200,
      headers: { 'Content-Type': 'text/html; charset=utf-8' },
      body: PAGE,
    }),
  });
