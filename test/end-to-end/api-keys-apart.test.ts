import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { ApiClient } from '../support/api-client.ts';
import { eventually } from '../support/eventually.ts';
import { holdfast } from '../support/holdfast-command.ts';
import { expectProblem } from '../support/problems.ts';
import { ThreeServices } from '../support/three-services.ts';

/** How long after its end a key may still be good anywhere, in milliseconds. */
const SHUT_OUT_MS = 1_000;

describe('API keys and tickets where the services run apart', function () {
  this.timeout(120_000);
  let services: ThreeServices;
  let user: ApiClient;
  let admin: ApiClient;

  before(async () => {
    services = await ThreeServices.start(['--model-pace', '20']);
    admin = await ApiClient.login(services.urls, 'admin', 'admin@admin');
    user = await ApiClient.login(services.urls, 'user1', 'User1@123');
    await admin.post('accounting', '/api/credits/allocate', { userId: 'user1', credits: 10 });
  });
  after(() => services.dispose());

  const mint = async (
    by: ApiClient,
    scopes: string[],
    password: string,
  ): Promise<{ id: string; client: ApiClient }> => {
    const { status, body } = await by.post('auth', '/api/keys', { name: 'a script', scopes, password });
    expect(status, JSON.stringify(body)).to.equal(201);
    return { id: body.id, client: new ApiClient(services.urls, body.key) };
  };

  it('let a key in everywhere that its scope and its owner’s role open, and nowhere else', async () => {
    const { client } = await mint(user, ['chat'], 'User1@123');
    const chat = await client.createChat();
    const reader = await client.start(chat);
    await reader.until(({ text }) => text.length > 0);
    await client.stop(chat, reader.streamId);
    expect((await reader.toEnd())?.type).to.equal('done');
    expectProblem(await client.get('accounting', '/api/credits/balance'), 403, 'permission.denied');
    const auditor = (await mint(admin, ['admin:read'], 'admin@admin')).client;
    expect((await auditor.get('accounting', '/api/ledger/journal')).status).to.equal(200);
    expectProblem(await auditor.get('chat', '/api/chat/sessions'), 403, 'permission.denied');
    const agent = (await mint(admin, ['control'], 'admin@admin')).client;
    expectProblem(await agent.get('chat', '/api/chat/sessions'), 403, 'permission.denied');
    expectProblem(await agent.get('accounting', '/api/ledger/journal'), 403, 'permission.denied');
  });

  it('shut a revoked key out of every service within a second', async () => {
    const { id, client } = await mint(user, ['chat'], 'User1@123');
    expect((await client.get('chat', '/api/models')).status).to.equal(200);
    const revoked = await holdfast(['keys', 'revoke', id, '--data', services.auth.data]);
    expect(revoked.code, revoked.stderr).to.equal(0);
    const sinceMs = performance.now();
    await eventually(async () => expect((await client.get('chat', '/api/models')).status).to.equal(401));
    expect(performance.now() - sinceMs).to.be.below(SHUT_OUT_MS);
  });

  it('redeem a ticket once, by a service alone', async () => {
    const { body } = await user.post('auth', '/api/ws/tickets');
    const service = new ApiClient(services.urls, readFileSync(services.keyFile, 'utf8').trim());
    const redeem = (by: ApiClient) => by.post('auth', '/internal/tickets/redeem', { ticket: body.ticket });
    expectProblem(await redeem(user), 403, 'permission.denied', 'error');
    const racing = await Promise.all([redeem(service), redeem(service)]);
    const redeemed = racing.map((answer) => answer.body.principal).filter((principal) => principal !== null);
    expect(redeemed.map(({ username }) => username)).to.deep.equal(['user1']);
    for (const name of ['chat', 'accounting'] as const) {
      const elsewhere = await service.post(name, '/internal/tickets/redeem', { ticket: 'x' });
      expectProblem(elsewhere, 404, 'request.no_route');
    }
  });

  it('give credit through the running accounting, and say whose data a folder is', async () => {
    const run = (data: string, ...words: string[]) => holdfast(['credits', ...words, '--data', data]);
    const given = await run(services.accounting.data, 'grant', 'user1', '3');
    expect(given.code, given.stderr).to.equal(0);
    expect(given.stdout).to.match(/^user1 has 3 credits more until /);
    const misplaced = await run(services.auth.data, 'show', 'user1');
    expect([misplaced.code, misplaced.stdout]).to.deep.equal([1, '']);
    expect(misplaced.stderr).to.equal('holdfast: The service of this data folder does not keep that\n');
    const keys = await holdfast(['keys', 'list', '--data', services.accounting.data]);
    expect(keys.stderr).to.equal('holdfast: The service of this data folder does not keep that\n');
  });

  it('answer 503 to a key while auth is down', async () => {
    const { client } = await mint(user, ['chat'], 'User1@123');
    await services.auth.end('SIGKILL');
    await eventually(async () => expect((await client.get('chat', '/api/models')).status).to.equal(503));
    const forged = new ApiClient(
      services.urls,
      `${client.token.slice(0, -1)}${client.token.endsWith('0') ? 1 : 0}`,
    );
    const refused = await forged.get('chat', '/api/models');
    expect(refused.status).to.be.oneOf([401, 503]);
  });
});
