import { expect } from 'chai';
import type { SqliteStore } from '../../src/adapters/outbound/sqlite/sqlite-store.ts';
import { bindEmbeddedStore } from '../../src/main/modules/embedded-store.ts';
import { SERVICES } from '../../src/main/service-name.ts';
import { BrowserTab } from '../support/browser-tab.ts';
import { type ComposedServer, composedServer } from '../support/composed-server.ts';
import { RecordingLog } from '../support/recording-log.ts';
import { type TemporaryStore, temporaryStore } from '../support/temporary-store.ts';

/** Writes that a request which only reads may cause: that it was seen, and once the key that the server signs with. */
const NOTES: ReadonlySet<string> = new Set([
  'audit.append',
  'identity.add-first-key',
  'identity.touch-session',
  'identity.touch-api-key',
]);

/** Hears of every write of a store by its name. */
function watchWrites(store: SqliteStore): string[] {
  const seen: string[] = [];
  const write = store.write.bind(store);
  store.write = (name, ...rest) => {
    seen.push(name);
    return write(name, ...rest);
  };
  return seen;
}

describe('reading', function () {
  this.timeout(60_000);
  let temporary: TemporaryStore;
  let server: ComposedServer;
  let writes: string[];
  const tabs: BrowserTab[] = [];
  const values: Record<string, string> = {};

  before(async () => {
    temporary = await temporaryStore();
    writes = watchWrites(temporary.store);
    server = await composedServer(undefined, (container) =>
      bindEmbeddedStore(container, temporary.store, new RecordingLog()),
    );
    for (const [username, password] of [
      ['user1', 'User1@123'],
      ['admin', 'admin@admin'],
    ] as const) {
      const tab = new BrowserTab(server.urls.chat);
      expect((await tab.logIn(username, password)).status).to.equal(200);
      tabs.push(tab);
    }
    const [user, admin] = tabs as [BrowserTab, BrowserTab];
    await admin.send('POST', '/api/credits/allocate', { userId: 'user1', credits: 100 });
    const chat = (await user.send('POST', '/api/chat/sessions', {})).body.sessionId;
    const message = { message: 'What is Holdfast?' };
    expect((await user.send('POST', `/api/chat/sessions/${chat}/messages`, message)).status).to.equal(200);
    Object.assign(values, { id: chat, sessionId: chat, userId: 'user1' });
  });
  after(async () => {
    await server.close();
    await temporary.remove();
  });

  const read = async (
    tab: BrowserTab,
    method: 'GET' | 'HEAD',
    url: string,
  ): Promise<{ readonly status: number; readonly text: string }> => {
    const cut = new AbortController();
    const headers = { cookie: tab.cookie ?? '' };
    const answer = await fetch(url, { method, headers, signal: cut.signal });
    const isStream = answer.headers.get('content-type')?.startsWith('text/event-stream') === true;
    const text = isStream ? '' : await answer.text();
    cut.abort();
    return { status: answer.status, text };
  };

  it('at every address that can be read changes nothing, by anybody', async () => {
    const read200: string[] = [];
    for (const service of SERVICES) {
      for (const { method, path } of server.routes[service].filter((route) => route.method === 'get')) {
        for (const [index, tab] of tabs.entries()) {
          const address = path.replaceAll(/:([A-Za-z]+)/g, (_, name: string) => values[name] ?? 'x');
          const query = path === '/api/chat/users/search' ? '?query=u' : '';
          writes.length = 0;
          for (const verb of ['GET', 'HEAD'] as const) {
            const { status, text } = await read(tab, verb, `${server.urls[service]}${address}${query}`);
            expect(status, `${verb} ${path}: ${text}`).to.be.lessThan(500);
            if (status === 200) read200.push(`${verb} ${path}`);
          }
          const changes = writes.filter((name) => !NOTES.has(name));
          expect(changes, `${service}: ${method} ${path} by ${index}`).to.deep.equal([]);
        }
      }
    }
    // Most addresses were really read, not merely refused.
    expect(new Set(read200).size).to.be.greaterThan(40);
  });

  it('is no way to do what another method does', async () => {
    const [user] = tabs as [BrowserTab];
    for (const service of SERVICES) {
      const readable = new Set(
        server.routes[service].filter(({ method }) => method === 'get').map(({ path }) => path),
      );
      for (const { method, path } of server.routes[service]) {
        if (method === 'get' || readable.has(path)) continue;
        const address = path.replaceAll(/:([A-Za-z]+)/g, (_, name: string) => values[name] ?? 'x');
        writes.length = 0;
        const { status } = await read(user, 'GET', `${server.urls[service]}${address}?_method=${method}`);
        expect([404, 405], `GET ${path}`).to.include(status);
        expect(
          writes.filter((name) => !NOTES.has(name)),
          `GET ${path}`,
        ).to.deep.equal([]);
      }
    }
  });
});
