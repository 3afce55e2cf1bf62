import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { ApiClient } from '../support/api-client.ts';
import { eventually } from '../support/eventually.ts';
import { expectProblem } from '../support/problems.ts';
import { ThreeServices } from '../support/three-services.ts';

describe('auth and accounting as services of their own', function () {
  this.timeout(120_000);
  let services: ThreeServices;
  let admin: ApiClient;
  let service: ApiClient;

  before(async () => {
    services = await ThreeServices.start(['--model-pace', '20']);
    admin = await ApiClient.login(services.urls, 'admin', 'admin@admin');
    service = new ApiClient(services.urls, readFileSync(services.keyFile, 'utf8').trim());
  });
  after(() => services.dispose());

  it('answer each on its own port alone', async () => {
    for (const [name, path] of [
      ['accounting', '/api/auth/me'],
      ['chat', '/api/auth/me'],
      ['auth', '/api/credits/balance'],
      ['chat', '/api/credits/balance'],
      ['auth', '/api/chat/sessions'],
    ] as const) {
      expectProblem(await admin.get(name, path), 404, 'request.no_route');
    }
  });

  it('know people by name across services, and open service routes to the key alone', async () => {
    const grant = { userId: 'user1', credits: 2 };
    const { status, body } = await admin.post('accounting', '/api/credits/allocate', grant);
    expect([status, body.username]).to.deep.equal([201, 'user1']);
    const asked = { userId: body.userId };
    const resolved = await service.post('auth', '/internal/principals/resolve', asked);
    expect(resolved.body.principal).to.include({ userId: body.userId, username: 'user1', role: 'user' });
    expectProblem(
      await admin.post('auth', '/internal/principals/resolve', asked),
      403,
      'permission.denied',
      'error',
    );
    for (const name of ['accounting', 'chat'] as const) {
      const elsewhere = await service.post(name, '/internal/principals/resolve', asked);
      expectProblem(elsewhere, 404, 'request.no_route');
    }
  });

  it('stop and settle the streams of who is disabled, wherever they run', async () => {
    await admin.post('accounting', '/api/credits/allocate', { userId: 'user1', credits: 5 });
    const user = await ApiClient.login(services.urls, 'user1', 'User1@123');
    const chat = await user.createChat();
    const reader = await user.start(chat, 'Hello');
    await reader.until(({ text }) => text.length > 0);
    const body = JSON.stringify({ disabled: true });
    const disabled = await admin.send('auth', 'PATCH', '/api/admin/users/user1', body);
    expect([disabled.status, disabled.body.user.disabled]).to.deep.equal([200, true]);
    expectProblem(await user.get('auth', '/api/auth/me'), 401, 'credential.expired', 'error');
    expect(await reader.toEnd(), 'whose login has ended is told nothing more').to.equal(undefined);
    await eventually(async () => {
      const { body: balance } = await admin.get('accounting', '/api/credits/balance/user1');
      expect([balance.heldCredits, balance.availableCredits < 7]).to.deep.equal([0, true]);
    });
    const { body: stored } = await admin.get('chat', `/api/chat/users/user1/sessions/${chat}`);
    expect(stored.messages.at(-1).metadata.state).to.equal('stopped');
    const login = { username: 'user1', password: 'User1@123' };
    const refused = await admin.post('auth', '/api/auth/login', login);
    expectProblem(refused, 403, 'account.disabled', 'error');
  });

  it('refuse names with 503 while auth is down, and for a moment go on with the ids that tokens prove', async () => {
    await services.auth.end('SIGKILL');
    expect((await admin.get('accounting', '/api/credits/balance')).status).to.equal(200);
    const byName = await admin.post('accounting', '/api/credits/allocate', { userId: 'user1', credits: 1 });
    expect(byName.status).to.equal(503);
    expectProblem(byName, 503, byName.body.code);
    const forged = new ApiClient(services.urls, `${admin.token}x`);
    expectProblem(await forged.get('accounting', '/api/credits/balance'), 401, 'credential.invalid');
  });
});
