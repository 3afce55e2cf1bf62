import { expect } from 'chai';
import { ApiClient } from '../support/api-client.ts';
import { type CommandOutcome, holdfast } from '../support/holdfast-command.ts';
import { RunningServer } from '../support/running-server.ts';

const KEY = /^hf_[a-z0-9]{12}_[A-Za-z0-9_-]{43}[0-9A-Za-z]{6}$/;

describe('the operator’s commands for keys and credit', function () {
  this.timeout(60_000);
  let server: RunningServer;
  before(async () => {
    server = await RunningServer.start(['--demo', '--model-pace', '0', '--drain-grace', '1s']);
  });
  after(() => server.dispose());

  const run = (...words: string[]): Promise<CommandOutcome> => holdfast([...words, '--data', server.data]);
  const json = async (...words: string[]) => {
    const { code, stdout, stderr } = await run(...words, '--json');
    expect(code, stderr).to.equal(0);
    return JSON.parse(stdout);
  };
  const create = (...words: string[]) => run('keys', 'create', '--name', 'nightly report', ...words);

  it('print a new key on stdout alone, and what it is on stderr', async () => {
    const { code, stdout, stderr } = await create('--user', 'user1', '--scope', 'chat', '--expires', '90d');
    expect(code, stderr).to.equal(0);
    expect(stdout.trim()).to.match(KEY);
    expect(stderr).to.match(/nightly report {2}chat {2}user1 {2}until 20/);
    expect(stderr).to.not.include(stdout.trim());
    const me = await new ApiClient(server.urls, stdout.trim()).get('auth', '/api/auth/me');
    expect(me.body.username).to.equal('user1');
    const [listed] = await json('keys', 'list', '--user', 'user1');
    expect(listed).to.include({ name: 'nightly report', owner: 'user1' });
    // The time is counted from when it was asked for, and a busy machine makes the key a moment later.
    const lifeMs = Date.parse(listed.expiresAt) - Date.parse(listed.createdAt);
    expect(lifeMs).to.be.closeTo(90 * 86_400_000, 10_000);
    expect(listed).to.have.property('lastUsedAt');
    expect(JSON.stringify(listed)).to.not.include(stdout.trim());
    expect(listed).to.not.have.property('sha256');
  });

  it('keep a role’s limits, and say what would be right', async () => {
    const refusals = [
      [1, /Only an admin makes keys with the scope admin:read/, ['--user', 'user1', '--scope', 'admin:read']],
      [2, /Say whose key it is: --user NAME/, ['--scope', 'chat']],
      [2, /A control key belongs to its agent/, ['--user', 'admin', '--scope', 'control']],
      [2, /--expires soon is no time/, ['--user', 'user1', '--scope', 'chat', '--expires', 'soon']],
      [2, /Allowed choices are chat, control, mux, admin:read/, ['--user', 'user1', '--scope', 'all']],
      [1, /There is no such user/, ['--user', 'nobody', '--scope', 'chat']],
      [1, /control stands alone/, ['--scope', 'control', 'chat']],
    ] as const;
    for (const [code, sentence, words] of refusals) {
      const refused = await create(...words);
      expect([refused.code, refused.stdout], refused.stderr).to.deep.equal([code, '']);
      expect(refused.stderr).to.match(sentence);
    }
  });

  it('let a program talk by a key in place of a password', async () => {
    const { key } = await json('keys', 'create', '--user', 'user1', '--name', 'talk', '--scope', 'chat');
    const talk = (words: string[], apiKey: string) =>
      holdfast(['chat', ...words, '--url', server.urls.chat], { HOLDFAST_API_KEY: apiKey });
    const answered = await talk(['How does a stream resume?'], key);
    expect(answered.code, answered.stderr).to.equal(0);
    expect(answered.stdout.length).to.be.greaterThan(20);
    expect(answered.stderr).to.match(/receipt exact/);
    const mistyped = await talk(['Hello?'], key.slice(1));
    expect([mistyped.code, mistyped.stdout]).to.deep.equal([2, '']);
    expect(mistyped.stderr)
      .to.match(/HOLDFAST_API_KEY is no API key/)
      .and.not.include(key.slice(4));
    const chats = await new ApiClient(server.urls, key).get('chat', '/api/chat/sessions');
    expect(chats.body.sessions).to.have.length(1);
  });

  it('give credit and show it, audited and journalled as the operator’s', async () => {
    const before = await json('credits', 'show', 'user1');
    const given = await json('credits', 'grant', 'user1', '2.5', '--expiry-days', '90', '--notes', 'June');
    expect(given).to.include({
      user: 'user1',
      credits: 2.5,
      availableCredits: before.availableCredits + 2.5,
    });
    expect((Date.parse(given.expiresAt) - Date.now()) / 86_400_000).to.be.closeTo(90, 0.1);
    const after = await json('credits', 'show', 'user1');
    expect(after.availableCredits).to.equal(given.availableCredits);
    expect(after.grants.map((grant: { id: string }) => grant.id)).to.include(given.id);
    const admin = await ApiClient.login(server.urls, 'admin', 'admin@admin');
    const { body } = await admin.get('accounting', '/api/credits/allocations/all');
    expect(JSON.stringify(body)).to.include(given.id);
    for (const [code, sentence, words] of [
      [2, /The amount lots is none: write a number above 0/, ['grant', 'user1', 'lots']],
      [2, /The amount 0 is none/, ['grant', 'user1', '0']],
      [2, /The amount 0.0000001 is none/, ['grant', 'user1', '0.0000001']],
      [2, /--expiry-days takes a whole number from 1 to/, ['grant', 'user1', '1', '--expiry-days', '0.5']],
      [1, /There is no such user/, ['grant', 'nobody', '1']],
      [1, /There is no such user/, ['show', 'nobody']],
    ] as const) {
      const refused = await run('credits', ...words);
      expect([refused.code, refused.stdout], refused.stderr).to.deep.equal([code, '']);
      expect(refused.stderr).to.match(sentence);
    }
  });

  it('work on the store itself when no server runs', async () => {
    await server.end();
    const made = await json(
      'keys',
      'create',
      '--name',
      'builder',
      '--scope',
      'control',
      '--agent',
      'builder',
    );
    expect(made).to.deep.include({ scopes: ['control'], agent: 'builder' });
    expect(made.key).to.match(KEY);
    const listed = (await json('keys', 'list')).map((key: { id: string }) => key.id);
    expect(listed[0]).to.equal(made.id);
    const shown = await run('credits', 'show', 'user1');
    expect(shown.stdout).to.match(/^user1 has [\d.]+ credits\.\n/);
    await json('credits', 'grant', 'user1', '1');
    expect((await run('keys', 'revoke', made.id)).code).to.equal(0);
    expect((await json('keys', 'list')).map((key: { id: string }) => key.id)).to.deep.equal(listed.slice(1));
    server = await RunningServer.start(['--demo'], server.data);
    const control = await new ApiClient(server.urls, made.key).get('auth', '/api/auth/me');
    expect(control.status).to.equal(401);
  });
});
