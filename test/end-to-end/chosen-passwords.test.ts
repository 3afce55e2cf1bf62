import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Answer, ApiClient } from '../support/api-client.ts';
import { type CommandOutcome, holdfast } from '../support/holdfast-command.ts';
import { RunningServer } from '../support/running-server.ts';

const PASSWORD = 'mill grinds numbers';
const SENTENCE = 'is one of the passwords that are tried first; choose another';

describe('choosing a password, as an outside client does it', function () {
  this.timeout(60_000);
  let server: RunningServer;
  let admin: ApiClient;
  let ada: ApiClient;

  before(async () => {
    server = await RunningServer.start();
    admin = await ApiClient.login(server.urls, 'admin', 'admin@admin');
    expect((await signUp('ada', PASSWORD)).status).to.equal(201);
    ada = await ApiClient.login(server.urls, 'ada', PASSWORD);
  });
  after(() => server.dispose());

  const signUp = (username: string, password: string): Promise<Answer> =>
    new ApiClient(server.urls).post('auth', '/api/auth/signup', {
      username,
      email: `${username}@example.org`,
      password,
    });

  /** Runs `holdfast user …` with a password, as the operator of the server's folder. */
  const operate = (words: readonly string[], password: string): Promise<CommandOutcome> => {
    const file = join(server.data, 'new-password');
    writeFileSync(file, password, { mode: 0o600 });
    return holdfast(['user', ...words, '--password-file', file, '--data', server.data]);
  };

  it('refuses one that is tried first, to whoever chooses it, with the field and the reason', async () => {
    const refused: Answer[] = [
      await signUp('grace', 'Password1'),
      await signUp('grace', 'Holdfast-2026'),
      await signUp('grace.hopper', 'grace.hopper'),
      await admin.post('auth', '/api/admin/users', {
        username: 'grace',
        email: 'grace@example.org',
        password: 'qwertyuiop',
      }),
      await admin.send('auth', 'PATCH', '/api/admin/users/ada', JSON.stringify({ password: '12345678' })),
      await ada.post('auth', '/api/change-password', {
        currentPassword: PASSWORD,
        newPassword: 'iloveyou1',
      }),
    ];
    for (const { status, body } of refused) {
      expect([status, body.code, body.errors[0].message]).to.deep.equal([400, 'request.invalid', SENTENCE]);
    }
    expect(refused.map(({ body }) => body.errors[0].path)).to.deep.equal([
      ...Array.from({ length: 5 }, () => 'password'),
      'newPassword',
    ]);
    await ApiClient.login(server.urls, 'ada', PASSWORD);
  });

  it('refuses it to the operator too, who can choose another', async () => {
    for (const words of [
      ['create', 'grace', 'grace@example.org'],
      ['password', 'ada'],
    ]) {
      const refused = await operate(words, 'password123');
      expect(refused.code, words[0]).to.not.equal(0);
      expect(refused.stderr, words[0]).to.contain(SENTENCE);
    }
    const created = await operate(['create', 'grace', 'grace@example.org'], 'a compiler of her own');
    expect(created.code, created.stderr).to.equal(0);
    await ApiClient.login(server.urls, 'grace', 'a compiler of her own');
  });
});
