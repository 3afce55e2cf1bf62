import { expect } from 'chai';
import { ApiClient } from '../support/api-client.ts';
import { RunningServer } from '../support/running-server.ts';

/** Starts whose update follows at once. */
const STARTS = 1_000;
/** Chats that they are spread over; one stream runs in each at a time. */
const CHATS = 10;

describe('an update that follows the first byte in the same tick', function () {
  this.timeout(180_000);
  let server: RunningServer;

  before(async () => {
    server = await RunningServer.start(['--demo', '--model-pace', '50']);
  });
  after(() => server.dispose());

  it(`finds its stream, ${STARTS} times out of ${STARTS}`, async () => {
    const admin = await ApiClient.login(server.urls, 'admin', 'admin@admin');
    await admin.post('accounting', '/api/credits/allocate', { userId: 'user1', credits: 100_000 });
    const user = await ApiClient.login(server.urls, 'user1', 'User1@123');
    let started = 0;
    const refused: string[] = [];
    const worker = async (): Promise<void> => {
      const chat = await user.createChat();
      while (started < STARTS) {
        started += 1;
        const reader = await user.start(chat);
        expect(reader.response.status).to.equal(200);
        const { status, body } = await user.update(chat, reader.streamId, '');
        if (status !== 200 || body.receipt !== 'stopped') refused.push(`${status} ${JSON.stringify(body)}`);
        await reader.cut();
      }
    };
    await Promise.all(Array.from({ length: CHATS }, worker));
    expect(refused, refused[0]).to.deep.equal([]);
  });
});
