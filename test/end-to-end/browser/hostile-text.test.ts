import { expect } from 'chai';
import type { Browser, BrowserContext } from 'playwright-core';
import { launchChromium } from '../../support/chromium.ts';
import { answering, FakeUpstream } from '../../support/fake-upstream.ts';
import type { RunningServer } from '../../support/running-server.ts';
import { serveUpstream, UPSTREAM_MODEL_ID } from '../../support/upstream-server.ts';
import { type KeptLogin, keepLogin, Visitor } from './visitor.ts';

/** What a model could be made to say, in the hope that a page runs, loads, follows or believes it. */
const HOSTILE = [
  '<img src=x onerror="globalThis.ran = 1">',
  '<script>globalThis.ran = 2</script>',
  '<svg onload="globalThis.ran = 3"><a href="javascript:globalThis.ran=4">here</a></svg>',
  '[click](javascript:globalThis.ran=5) ![beacon](http://evil.example/beacon.png)',
  '<style>body { display: none }</style><link rel=stylesheet href=http://evil.example/x.css>',
  '<iframe srcdoc="<script>parent.ran = 6</script>"></iframe><form action=http://evil.example>',
  'http://evil.example/plain-address and &lt;b&gt;entities&lt;/b&gt;',
];
/** A line that would read as another one if the browser reordered it, and one with letters that nobody sees. */
const BIDI = 'access = "user\u{202e}\u{2066}// Check if admin\u{2069}\u{2066}" a\u{200b}b\u{ad}c';
const BIDI_SHOWN = 'access = "user\\u{202e}\\u{2066}// Check if admin\\u{2069}\\u{2066}" a\\u{200b}b\\u{ad}c';

describe('hostile text in the page', function () {
  this.timeout(60_000);
  let browser: Browser;
  let upstream: FakeUpstream;
  let server: RunningServer;
  let context: BrowserContext;
  let visitor: Visitor;
  let login: KeptLogin;
  const asked: string[] = [];

  before(async () => {
    browser = await launchChromium();
    upstream = await FakeUpstream.start();
    server = (await serveUpstream(upstream, ['--model-pace', '0'])).server;
    login = await keepLogin(browser, server.urls.chat);
  });
  after(async () => {
    await browser?.close();
    await server?.dispose();
    await upstream?.stop();
  });
  beforeEach(async () => {
    context = await browser.newContext({ storageState: login });
    context.on('request', (request) => asked.push(request.url()));
    await context.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => {
        console.error(`policy: ${violatedDirective} ${blockedURI}`);
      });
    });
    visitor = await Visitor.comeBack(context, server.urls.chat);
  });
  afterEach(() => context.close());

  const count = (selector: string): Promise<number> => visitor.page.locator(selector).count();

  it('of a model is text: nothing runs, loads, links or hides', async () => {
    const said = [...HOSTILE, BIDI].join('\n');
    // In pieces of a few characters, so that each tag is cut in many ways.
    upstream.usual = answering(...(said.match(/[\s\S]{1,7}/gu) ?? []));
    await visitor.page.getByLabel('Model').selectOption(UPSTREAM_MODEL_ID);
    await visitor.ask(`${HOSTILE[0]} ${BIDI}`);
    const shown = await visitor.wholeText();
    expect(shown).to.equal([...HOSTILE, BIDI_SHOWN].join('\n'));
    await visitor.page.reload();
    await visitor.textBeyond();
    expect(await visitor.text(), 'and from the store').to.equal(shown);
    expect(await count('main :is(img, script, iframe, style, link, a, form:not(.composer))')).to.equal(0);
    expect(await visitor.page.evaluate(() => 'ran' in globalThis)).to.equal(false);
    expect(asked.filter((url) => new URL(url).origin !== new URL(server.urls.chat).origin)).to.deep.equal([]);
    expect(await visitor.page.locator('.message.user .text').textContent()).to.contain(BIDI_SHOWN);
    visitor.expectNoFaults();
  });

  it('of a title is text in the list, in the heading and in the name of the tab', async () => {
    const title = '<b onclick=alert(1)>\u{202e}eltit';
    await visitor.ask(title);
    await visitor.wholeText();
    const shown = '<b onclick=alert(1)>\\u{202e}eltit';
    await visitor.page.getByRole('heading', { level: 1, name: shown }).waitFor();
    await visitor.page.getByRole('link', { name: shown }).waitFor();
    expect(await visitor.page.title()).to.equal(`${shown} · Holdfast`);
    expect(await count('b')).to.equal(0);
    visitor.expectNoFaults();
  });

  it('could not become markup even if the page tried', async () => {
    const tries = await visitor.page.evaluate(() => {
      const attempt = (act: () => void): string => {
        try {
          act();
          return 'done';
        } catch (error) {
          return (error as Error).name;
        }
      };
      return [
        attempt(() => {
          document.body.innerHTML = '<p>x';
        }),
        attempt(() => void new DOMParser().parseFromString('<p>x', 'text/html')),
        attempt(() => {
          document.createElement('script').text = '1';
        }),
      ];
    });
    expect(tries).to.deep.equal(['TypeError', 'TypeError', 'TypeError']);
  });
});
