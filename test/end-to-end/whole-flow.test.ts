import { expect } from 'chai';
import { ApiClient } from '../support/api-client.ts';
import { eventually } from '../support/eventually.ts';
import { holdfast } from '../support/holdfast-command.ts';
import { RunningServer, type ServerUrls } from '../support/running-server.ts';
import { ThreeServices } from '../support/three-services.ts';

const addresses = ({ auth, accounting, chat }: ServerUrls): string[] => [
  '--auth',
  auth,
  '--accounting',
  accounting,
  '--chat',
  chat,
];

async function expectVerified(urls: ServerUrls): Promise<void> {
  const { code, stdout, stderr } = await holdfast(['verify', ...addresses(urls)]);
  expect(code, `${stdout}\n${stderr}`).to.equal(0);
}

async function expectHealthy(data: string): Promise<void> {
  const { code, stdout, stderr } = await holdfast(['doctor', '--data', data]);
  expect(code, `${stdout}\n${stderr}`).to.equal(0);
}

describe('the whole flow in one process', function () {
  this.timeout(120_000);
  let server: RunningServer;

  before(async () => {
    server = await RunningServer.start(['--demo', '--model-pace', '200']);
  });
  after(() => server.dispose());

  it('keeps every promise that verify looks at, and leaves a store that the doctor finds healthy', async () => {
    await expectVerified(server.urls);
    await expectHealthy(server.data);
  });

  it('keeps them again on a server that has been used, and through the chat port alone', async () => {
    const { chat } = server.urls;
    await expectVerified({ auth: chat, accounting: chat, chat });
    await expectHealthy(server.data);
  });
});

describe('the whole flow as three services', function () {
  this.timeout(180_000);
  let services: ThreeServices;

  before(async () => {
    services = await ThreeServices.start(['--model-pace', '100']);
  });
  after(() => services.dispose());

  it('keeps every promise that verify looks at, and leaves stores that the doctor finds healthy', async () => {
    await expectVerified(services.urls);
    for (const { data } of [services.auth, services.accounting, services.chat]) await expectHealthy(data);
  });

  it('refuses starts while accounting is down, and settles what ended meanwhile once it is back', async () => {
    const admin = await ApiClient.login(services.urls, 'admin', 'admin@admin');
    const user = await ApiClient.login(services.urls, 'user1', 'User1@123');
    await admin.post('accounting', '/api/credits/allocate', { userId: 'user1', credits: 20 });
    const running = await user.createChat();
    const reader = await user.start(running);
    await reader.until(({ text }) => text.length > 0);

    await services.accounting.end('SIGKILL');
    const chat = await user.createChat();
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const { response } = await user.start(chat);
      expect([response.status, response.headers.has('retry-after')]).to.deep.equal([503, true]);
    }
    const messages = await user.get('chat', `/api/chat/sessions/${chat}/messages`);
    expect(messages.body.messages, 'a refused start leaves nothing').to.deep.equal([]);
    const stopped = await user.stop(running, reader.streamId);
    expect(stopped.status, 'a stream ends without accounting').to.equal(200);
    const end = await reader.toEnd();
    expect(end?.type).to.equal('done');

    await services.restartAccounting();
    await eventually(async () => {
      const { body } = await user.get('accounting', '/api/credits/balance');
      expect(body.heldCredits).to.equal(0);
      expect(body.availableCredits).to.be.closeTo(20 - end?.data.creditsCharged, 1e-9);
    }, 30_000);
    const again = await user.start(chat);
    expect(again.response.status).to.equal(200);
    await user.stop(chat, again.streamId);
    await expectHealthy(services.accounting.data);
    await expectHealthy(services.chat.data);
  });

  it('opens no hold for a reserve whose answer never came', async () => {
    const admin = await ApiClient.login(services.urls, 'admin', 'admin@admin');
    const user = await ApiClient.login(services.urls, 'supervisor1', 'Supervisor1@');
    await admin.post('accounting', '/api/credits/allocate', { userId: 'supervisor1', credits: 10 });
    const chat = await user.createChat();
    process.kill(services.accounting.pid, 'SIGSTOP');
    try {
      expect((await user.start(chat)).response.status).to.equal(503);
      expect((await user.start(chat)).response.status, 'the slot is free again').to.equal(503);
    } finally {
      process.kill(services.accounting.pid, 'SIGCONT');
    }
    await eventually(async () => {
      const { body } = await user.get('accounting', '/api/credits/balance');
      expect([body.heldCredits, body.availableCredits]).to.deep.equal([0, 10]);
    }, 30_000);
    await expectHealthy(services.chat.data);
  });
});
