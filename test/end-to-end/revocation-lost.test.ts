import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import { ApiClient, type EventReader } from '../support/api-client.ts';
import { eventually } from '../support/eventually.ts';
import { FaultyProxy } from '../support/faulty-proxy.ts';
import { expectProblem } from '../support/problems.ts';
import { RevocationScenes } from '../support/revocation-scenes.ts';
import { RunningServer, temporaryFolder } from '../support/running-server.ts';
import { ThreeServices } from '../support/three-services.ts';

/** Without hearing auth for so long nobody is let in, in milliseconds. */
const UNHEARD_MS = 5_000;
/** What hearing auth again may take, in milliseconds: a silence of 2 s, then at most a second between two tries. */
const HEARD_AGAIN_MS = 4_000;
/** A stream has not said so much in the 5 seconds after which chat closes: 20 tokens a second, of 4 to 5 characters. */
const hasGoneOn = ({ text }: EventReader): boolean => text.length > 700;
const FEED = /^GET \/internal\/revocations/;

/** What the proxy between chat and auth does to the feed. */
type Way = 'open' | 'refused' | 'stalled';

describe('chat that cannot hear auth', function () {
  this.timeout(120_000);
  let services: ThreeServices;
  let scenes: RevocationScenes;
  let proxy: FaultyProxy;
  let proxyUrl: string;
  let way: Way = 'open';

  before(async () => {
    services = await ThreeServices.start(['--model-pace', '20'], async (authUrl) => {
      proxy = new FaultyProxy(authUrl, ({ line }) => {
        if (!FEED.test(line)) return [];
        return way === 'refused' ? [{ kind: 'refuse' }] : [{ kind: 'stall', now: () => way === 'stalled' }];
      });
      proxyUrl = await proxy.listen();
      return proxyUrl;
    });
    scenes = await RevocationScenes.begin({ urls: services.urls, authData: services.auth.data });
  });
  after(async () => {
    await services.dispose();
    await proxy.close();
  });

  afterEach(() => {
    way = 'open';
  });

  const readiness = async (urls = services.urls): Promise<unknown[]> => {
    const { status, body } = await new ApiClient(urls).get('chat', '/health/ready');
    return [status, body.dependency];
  };

  /** Expects chat to refuse people from a moment on that is 5 seconds after `sinceMs`, and to say why. */
  async function expectClosed(client: ApiClient, sinceMs: number): Promise<void> {
    const refused = await eventually(async () => {
      const answer = await client.get('chat', '/api/chat/sessions');
      expect(answer.status).to.equal(503);
      return answer;
    });
    expect(performance.now() - sinceMs).to.be.within(UNHEARD_MS - 1_500, UNHEARD_MS + 1_000);
    expectProblem(refused, 503, 'auth.unavailable');
    expect(Number(refused.headers.get('retry-after'))).to.be.greaterThan(0);
    expect(await readiness()).to.deep.equal([503, 'auth']);
  }

  async function expectOpen(client: ApiClient): Promise<void> {
    await eventually(async () => {
      expect((await client.get('chat', '/api/chat/sessions')).status).to.equal(200);
      expect(await readiness()).to.deep.equal([200, undefined]);
    }, HEARD_AGAIN_MS);
  }

  it('notices a feed that stalls without closing, comes back, and misses nothing', async () => {
    const reading = await scenes.reading();
    const before = proxy.count(FEED);
    way = 'stalled';
    await pause(600);
    const { client, refreshToken } = reading;
    expect((await client.post('auth', '/api/auth/logout', { refreshToken })).status).to.equal(200);
    expect((await client.get('chat', '/api/chat/sessions')).status, 'nobody could tell').to.equal(200);
    way = 'open';
    expect(await reading.reader.toEnd()).to.equal(undefined);
    expectProblem(await client.get('chat', '/api/chat/sessions'), 401, 'credential.expired');
    expect(proxy.count(FEED), 'it asked again').to.be.greaterThan(before);
  });

  it('lets nobody in after 5 seconds of silence while its readers read on, and opens by itself', async () => {
    const reading = await scenes.reading();
    const sinceMs = performance.now();
    way = 'stalled';
    await expectClosed(reading.client, sinceMs);
    expect(await reading.reader.until(hasGoneOn)).to.equal(true);
    way = 'open';
    await expectOpen(reading.client);
  });

  it('hears after a gap of everything that ended in it', async () => {
    const ended = await scenes.reading();
    const disabled = await scenes.reading();
    const untouched = await scenes.reading();
    way = 'refused';
    proxy.breakConnections();
    await ended.client.post('auth', '/api/auth/logout', { refreshToken: ended.refreshToken });
    await scenes.patch(disabled.userId, { disabled: true });
    way = 'open';
    expect(await ended.reader.toEnd()).to.equal(undefined);
    expect(await disabled.reader.toEnd()).to.equal(undefined);
    for (const { client } of [ended, disabled]) {
      expectProblem(await client.get('chat', '/api/chat/sessions'), 401, 'credential.expired');
    }
    await eventually(() => scenes.expectSettled(disabled.userId));
    await scenes.expectGoesOn(untouched);
  });

  it('lets nobody in from its start on until it has heard auth once', async () => {
    way = 'refused';
    const env = { HOLDFAST_SERVICE_KEY_FILE: services.keyFile };
    const urls = ['--auth-url', proxyUrl, '--accounting-url', services.urls.accounting];
    const late = await RunningServer.start(['--service', 'chat', ...urls], temporaryFolder(), env);
    try {
      const lateUrls = { ...services.urls, chat: late.urls.chat };
      const chat = new ApiClient(lateUrls, scenes.admin.token);
      expectProblem(await chat.get('chat', '/api/chat/sessions'), 503, 'auth.unavailable');
      expect(await readiness(lateUrls)).to.deep.equal([503, 'auth']);
      expect(late.output).to.contain('nobody is let in until');
      way = 'open';
      await eventually(async () => {
        expect((await chat.get('chat', '/api/chat/sessions')).status).to.equal(200);
        expect(await readiness(lateUrls)).to.deep.equal([200, undefined]);
      }, HEARD_AGAIN_MS);
    } finally {
      await late.dispose();
    }
  });

  it('goes on for its readers while auth is dead, and opens once it is back', async () => {
    const reading = await scenes.reading();
    const sinceMs = performance.now();
    await services.auth.end('SIGKILL');
    await expectClosed(reading.client, sinceMs);
    expect(await reading.reader.until(hasGoneOn)).to.equal(true);
    const forged = new ApiClient(services.urls, `${reading.client.token}x`);
    expectProblem(await forged.get('chat', '/api/chat/sessions'), 401, 'credential.invalid');
    expect((await reading.client.get('accounting', '/api/credits/balance')).status).to.equal(503);
    await services.restartAuth();
    await expectOpen(reading.client);
    await eventually(async () =>
      expect((await reading.client.get('accounting', '/api/credits/balance')).status).to.equal(200),
    );
    await scenes.expectGoesOn(reading);
    const { client, refreshToken } = reading;
    const logout = () => client.post('auth', '/api/auth/logout', { refreshToken });
    await scenes.expectCut('log-out after a restart', logout, [reading]);
  });
});
