import { DatabaseSync } from 'node:sqlite';
import { expect } from 'chai';
import { ApiClient, EventReader } from '../support/api-client.ts';
import { BrowserTab } from '../support/browser-tab.ts';
import { eventually } from '../support/eventually.ts';
import { RunningServer } from '../support/running-server.ts';

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
const PASSWORD = 'User1@123';

/** Codes of the answers that a cookie gets, without using a login whose end is waited for. */
const statusOf = async (tab: BrowserTab, cookie: string): Promise<unknown[]> => {
  const { status, body } = await tab.send('GET', '/api/auth/session', undefined, { cookie });
  return [status, body.code];
};

/** Starts a stream by a cookie and reads it. */
async function stream(tab: BrowserTab): Promise<EventReader> {
  const chat = (await tab.send('POST', '/api/chat/sessions', {})).body.sessionId;
  const response = await fetch(`${tab.origin}/api/chat/sessions/${chat}/stream`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      cookie: tab.cookie ?? '',
      origin: tab.origin,
      'x-csrf-token': tab.csrfToken,
    },
    body: JSON.stringify({ message: 'What is Holdfast?' }),
  });
  expect(response.status).to.equal(200);
  return new EventReader(response);
}

describe("a browser's login, as the server really keeps it", function () {
  this.timeout(60_000);
  let server: RunningServer;

  before(async () => {
    server = await RunningServer.start();
  });
  after(() => server.dispose());

  const newTab = async (headers: Record<string, string> = {}): Promise<BrowserTab> => {
    const tab = new BrowserTab(server.urls.chat);
    const login = { username: 'user1', password: PASSWORD };
    expect((await tab.send('POST', '/api/auth/session', login, { headers })).status).to.equal(200);
    return tab;
  };

  it('has one origin for auth, credits and chats, and goes on after a restart', async () => {
    const tab = await newTab();
    for (const path of ['/api/auth/session', '/api/credits/balance', '/api/chat/sessions', '/api/models']) {
      expect((await tab.send('GET', path)).status, path).to.equal(200);
    }
    const { data } = server;
    await server.end();
    server = await RunningServer.start(['--demo'], data);
    const after = new BrowserTab(server.urls.chat);
    after.cookie = tab.cookie;
    expect((await after.send('GET', '/api/auth/session')).body).to.include({ csrfToken: tab.csrfToken });
  });

  it('leaves in the store its hash alone', async () => {
    const tab = await newTab();
    const db = new DatabaseSync(`${server.data}/holdfast.db`, { readOnly: true });
    const rows = JSON.stringify(db.prepare('SELECT * FROM login_sessions').all());
    const names = db.prepare('PRAGMA user_version').get();
    db.close();
    expect(rows).to.contain('cookie').and.not.contain(tab.secret).and.not.contain(tab.csrfToken);
    expect(names).to.have.property('user_version').that.is.a('number');
    expect(server.output).to.not.contain(tab.secret);
  });

  it('cannot be fixed, and cannot be replayed once it has ended', async () => {
    const victim = await newTab();
    const planted = victim.cookie ?? '';
    await victim.logIn('user1', PASSWORD);
    expect(victim.cookie).to.not.equal(planted);
    expect(await statusOf(victim, planted)).to.deep.equal([401, 'credential.expired']);
    const kept = victim.cookie ?? '';
    await victim.send('POST', '/api/auth/logout');
    expect(await statusOf(victim, kept)).to.deep.equal([401, 'credential.expired']);
  });

  it('is listed with its device, and can be ended from another', async () => {
    const tab = await newTab();
    const phone = await newTab({ 'user-agent': FIREFOX });
    const { sessions } = (await tab.send('GET', '/api/auth/sessions')).body;
    const other = sessions.find(({ device }: { device: string }) => device === 'Firefox 140 on Linux');
    expect(other).to.include({ current: false, kind: 'cookie', address: '127.0.0.1' });
    expect((await tab.send('DELETE', `/api/auth/sessions/${other.id}`)).status).to.equal(200);
    expect(await statusOf(tab, phone.cookie ?? '')).to.deep.equal([401, 'credential.expired']);
    expect((await tab.send('GET', '/api/auth/session')).status).to.equal(200);
  });

  it('rotates when its password changes, and every other login ends with its streams', async () => {
    const admin = await ApiClient.login(server.urls, 'admin', 'admin@admin');
    const account = { username: 'rota', email: 'rota@example.org', password: 'quartz lantern meadow' };
    const { body } = await admin.post('auth', '/api/admin/users', account);
    await admin.post('accounting', '/api/credits/allocate', { userId: body.userId, credits: 50 });
    const [tab, other] = [new BrowserTab(server.urls.chat), new BrowserTab(server.urls.chat)];
    await tab.logIn('rota', account.password);
    await other.logIn('rota', account.password);
    const reader = await stream(other);
    await reader.until(({ cursor }) => cursor > 1);
    const before = tab.cookie ?? '';
    const passwords = { currentPassword: account.password, newPassword: 'copper violin harbour' };
    expect((await tab.send('POST', '/api/change-password', passwords)).status).to.equal(200);
    expect(await reader.toEnd()).to.equal(undefined);
    for (const cookie of [before, other.cookie ?? '']) {
      expect(await statusOf(tab, cookie)).to.deep.equal([401, 'credential.expired']);
    }
    expect((await tab.send('POST', '/api/auth/sessions/end-others')).body.ended).to.equal(0);
  });
});

describe("a browser's login with short times", function () {
  this.timeout(60_000);
  let server: RunningServer;
  let witness: ApiClient;

  before(async () => {
    const times = ['--sessions-idle', '2s', '--sessions-absolute', '7s', '--model-pace', '4'];
    server = await RunningServer.start(['--demo', ...times]);
    witness = await ApiClient.login(server.urls, 'user1', PASSWORD);
  });
  after(() => server.dispose());

  /** How many logins by cookie live, as a login by tokens sees it, which uses none of them. */
  const cookies = async (): Promise<number> =>
    (await witness.get('auth', '/api/auth/sessions')).body.sessions.filter(
      ({ kind }: { kind: string }) => kind === 'cookie',
    ).length;

  it('ends when it lies idle, goes on while a stream is read by it, and ends absolutely all the same', async () => {
    const [idle, reading] = [new BrowserTab(server.urls.chat), new BrowserTab(server.urls.chat)];
    await idle.logIn('user1', PASSWORD);
    await reading.logIn('user1', PASSWORD);
    expect(reading.setCookie).to.match(/; Max-Age=[67];/);
    const reader = await stream(reading);
    expect(await cookies()).to.equal(2);
    await eventually(async () => expect(await cookies()).to.equal(1));
    expect(await statusOf(idle, idle.cookie ?? '')).to.deep.equal([401, 'credential.expired']);
    // The reader has been there for longer than the idle time, and nothing else came by his login.
    expect((await reading.send('GET', '/api/auth/session')).status).to.equal(200);
    expect(await reader.toEnd()).to.equal(undefined);
    expect(await cookies()).to.equal(0);
    expect(await statusOf(reading, reading.cookie ?? '')).to.deep.equal([401, 'credential.expired']);
  });
});
