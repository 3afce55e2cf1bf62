import { expect } from 'chai';
import type { Answer } from './api-client.ts';
import { eventually } from './eventually.ts';
import { holdfast } from './holdfast-command.ts';
import { type Deployment, PASSWORD, RevocationScenes } from './revocation-scenes.ts';

/** Expects, of a deployment of real processes, that whatever ends a login cuts its readers within a second. */
export function describeRevocation(
  name: string,
  start: () => Promise<Deployment & { dispose(): Promise<void> }>,
): void {
  describe(`the end of a login, ${name}`, function () {
    this.timeout(120_000);
    let deployment: Deployment & { dispose(): Promise<void> };
    let scenes: RevocationScenes;
    before(async () => {
      deployment = await start();
      scenes = await RevocationScenes.begin(deployment);
    });
    after(async () => {
      await deployment.dispose();
      process.stdout.write(`      from the answer to the close of the reader's socket\n${scenes.measured}`);
    });

    describeOwnEnds(() => scenes);
    describeDevices(() => scenes);
    describeAdministration(() => scenes);
  });
}

function describeOwnEnds(of: () => RevocationScenes): void {
  it('cuts the readers of who logs out by his refresh token', async () => {
    const reading = await of().reading();
    const { client, refreshToken } = reading;
    const logout = () => client.post('auth', '/api/auth/logout', { refreshToken });
    await of().expectCut('log-out', logout, [reading]);
  });

  it('cuts the readers of who logs out by his access token, and of none of his other logins', async () => {
    const reading = await of().reading();
    const other = await of().login(reading.userId, reading.username);
    await of().expectCut('log-out by access token', () => reading.client.post('auth', '/api/auth/logout'), [
      reading,
    ]);
    await of().expectGoesOn(other);
  });

  it('cuts all readers of who logs out everywhere', async () => {
    const reading = await of().reading();
    const other = await of().login(reading.userId, reading.username);
    const { client, refreshToken } = other;
    const logout = () => client.post('auth', '/api/auth/logout-all', { refreshToken });
    await of().expectCut('log-out everywhere', logout, [reading, other]);
  });

  it('cuts the readers of all other logins of who changes his password, and not his own', async () => {
    const reading = await of().reading();
    const other = await of().login(reading.userId, reading.username);
    const passwords = { currentPassword: PASSWORD, newPassword: 'another long password' };
    const change = () => reading.client.post('auth', '/api/change-password', passwords);
    await of().expectCut('password changed', change, [other]);
    await of().expectGoesOn(reading);
  });

  it('cuts the readers of a login whose refresh token was used twice', async () => {
    const reading = await of().reading();
    const { client, refreshToken } = reading;
    const refresh = (): Promise<Answer> => client.post('auth', '/api/auth/refresh', { refreshToken });
    expect((await refresh()).status).to.equal(200);
    await of().expectGoesOn(reading);
    await of().expectCut('refresh token used twice', refresh, [reading], 401);
  });
}

function describeDevices(of: () => RevocationScenes): void {
  it('cuts the readers of a login that its owner ends from another device', async () => {
    const lost = await of().reading();
    const kept = await of().login(lost.userId, lost.username);
    const { body } = await lost.client.get('auth', '/api/auth/sessions');
    const { id } = body.sessions.find(({ current }: { current: boolean }) => current);
    const end = () => kept.client.send('auth', 'DELETE', `/api/auth/sessions/${id}`, undefined);
    await of().expectCut('login ended from another device', end, [lost]);
    await of().expectGoesOn(kept);
  });

  it('cuts the readers of all other logins, a browser among them, and not of the one that asks', async () => {
    const kept = await of().reading();
    const other = await of().login(kept.userId, kept.username);
    const browser = await of().browse(kept.username);
    const end = () => kept.client.post('auth', '/api/auth/sessions/end-others');
    await of().expectCut('all other logins ended', end, [other, browser]);
    await of().expectGoesOn(kept);
  });

  it('cuts the reader of a browser that logs out', async () => {
    const { username } = await of().reading();
    const browser = await of().browse(username);
    const logout = () => browser.tab.send('DELETE', '/api/auth/session');
    await of().expectCut('browser logged out', logout, [browser]);
  });

  it('cuts the reader of a browser whose user logs in anew there', async () => {
    const { username } = await of().reading();
    const browser = await of().browse(username);
    const again = () => browser.tab.logIn(username, PASSWORD);
    await of().expectCut('browser logged in anew', again, [browser]);
  });

  it('cuts the readers of a key that is revoked, and not those of its owner', async () => {
    const owner = await of().reading();
    const keyed = await of().readingByKey(owner);
    const revoke = () => owner.client.send('auth', 'DELETE', `/api/keys/${keyed.keyId}`, undefined);
    await of().expectCut('key revoked', revoke, [keyed]);
    await of().expectGoesOn(owner);
  });

  it('cuts the readers of the keys of who is disabled', async () => {
    const owner = await of().reading();
    const keyed = await of().readingByKey(owner);
    const disable = () => of().patch(owner.userId, { disabled: true });
    await of().expectCut("key's owner disabled", disable, [keyed, owner]);
  });
}

function describeAdministration(of: () => RevocationScenes): void {
  it('cuts the readers of who gets another role, who then comes back with it', async () => {
    const reading = await of().reading();
    const promote = () => of().patch(reading.userId, { role: 'supervisor' });
    await of().expectCut('role changed', promote, [reading]);
    const again = await of().login(reading.userId, reading.username);
    const searched = await again.client.get('chat', '/api/chat/users/search?query=x');
    expect(searched.status).to.equal(200);
    await of().expectGoesOn(again);
  });

  it('cuts who observes as a supervisor and is one no more', async () => {
    const observed = await of().reading();
    const supervisor = await of().reading('supervisor');
    const { client } = supervisor;
    const observer = await client.observe(observed.chat);
    await observer.until(({ text }) => text.length > 0);
    const demote = () => of().patch(supervisor.userId, { role: 'user' });
    await of().expectCut('observer demoted', demote, [supervisor, { client, reader: observer }]);
    await of().expectGoesOn(observed);
  });

  it('cuts the readers of whom an admin gives another password', async () => {
    const reading = await of().reading();
    const set = () => of().patch(reading.userId, { password: 'set by an admin' });
    await of().expectCut('password set by an admin', set, [reading]);
  });

  it('cuts the readers of who is disabled, and stops and settles his streams', async () => {
    const reading = await of().reading();
    const disable = () => of().patch(reading.userId, { disabled: true });
    await of().expectCut('user disabled', disable, [reading]);
    await eventually(() => of().expectSettled(reading.userId));
  });

  it('cuts the readers of who is deleted, and stops and settles his streams', async () => {
    const reading = await of().reading();
    const remove = () => of().admin.send('auth', 'DELETE', `/api/admin/users/${reading.userId}`, undefined);
    await of().expectCut('user deleted', remove, [reading]);
    await eventually(() => of().expectSettled(reading.userId));
  });

  it('cuts the readers of whom the operator disables at his terminal', async () => {
    const reading = await of().reading();
    const closed = reading.reader.toEnd();
    const { code, stderr } = await holdfast([
      'user',
      'disable',
      reading.username,
      '--data',
      of().deployment.authData,
    ]);
    expect(code, stderr).to.equal(0);
    expect(await closed).to.equal(undefined);
    await eventually(() => of().expectSettled(reading.userId));
  });
}
