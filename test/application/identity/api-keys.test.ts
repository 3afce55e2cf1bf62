import { expect } from 'chai';
import { StoredApiKeys } from '../../../src/application/identity/api-keys/stored-api-keys.ts';
import { Authenticate } from '../../../src/application/identity/authenticate.ts';
import type { ApiKeyRepository } from '../../../src/application/ports/identity/api-key-repository.ts';
import {
  type ApiKeyDraft,
  KEY_USE_WRITTEN_EVERY_MS,
  MAX_CONTROL_KEYS,
  MAX_KEYS_PER_USER,
} from '../../../src/domain/identity/api-key.ts';
import { API_KEY_SECRET_BITS, apiKeyText } from '../../../src/domain/identity/api-key-text.ts';
import type { ApiKeyId } from '../../../src/domain/identity/ids.ts';
import type { EndingPrincipal, Principal, UserPrincipal } from '../../../src/domain/identity/principal.ts';
import { IdentityWorld } from '../../support/identity-world.ts';
import { expectRefusal } from '../../support/refusals.ts';

describe('an API key', () => {
  let world: IdentityWorld;
  beforeEach(async () => {
    world = new IdentityWorld();
    await world.addUser('ann');
    await world.addUser('root', 'admin');
  });

  const bearer = (value: string): Promise<Principal> => world.authenticate.execute({ kind: 'bearer', value });
  const loggedIn = async (username: string): Promise<UserPrincipal> =>
    (await bearer((await world.login(username)).accessToken)) as UserPrincipal;
  const mint = async (
    username: string,
    draft: Partial<ApiKeyDraft> = {},
    password = `password of ${username}`,
  ) =>
    world.mintApiKey.execute({
      principal: await loggedIn(username),
      draft: { name: 'a script', scopes: ['chat'], ...draft },
      password,
    });

  describe('that is minted', () => {
    it('takes the password again, and nothing is stored without it', async () => {
      await expectRefusal(mint('ann', {}, 'a guess'), 'credential.invalid');
      expect(await world.listApiKeys.execute({ withControl: true })).to.deep.equal([]);
      expect(world.acts()).to.include('api_key.minted refused');
      const { key, apiKey } = await mint('ann');
      expect(key).to.match(/^hf_[a-z0-9]{12}_[A-Za-z0-9_-]{43}[0-9A-Za-z]{6}$/);
      expect(JSON.stringify([apiKey, world.records])).to.not.include(key);
      expect(apiKey.sha256).to.equal(world.digest.sha256Hex(key));
      expect(world.acts().at(-1)).to.equal('api_key.minted done');
    });

    it('costs no hash when it may not be made anyway', async () => {
      const principal = await loggedIn('ann');
      const spent = world.hasher.spent;
      const draft = { name: 'x', scopes: ['control'] } as const;
      await expectRefusal(world.mintApiKey.execute({ principal, draft, password: 'x' }), 'permission.denied');
      expect(world.hasher.spent).to.equal(spent);
    });

    it('is one of at most so many of a user, and of agents apart', async () => {
      for (let made = 0; made < MAX_KEYS_PER_USER; made += 1) await world.mintKey({ owner: 'root' });
      await expectRefusal(mint('root'), 'api_key.limit_reached');
      await mint('root', { scopes: ['control'] });
      for (let made = 1; made < MAX_CONTROL_KEYS; made += 1) await world.mintKey();
      await expectRefusal(mint('root', { scopes: ['control'] }), 'api_key.limit_reached');
      await mint('ann');
    });

    for (const [what, change] of [
      ['disabled', { disabled: true }],
      ['given another role', { role: 'supervisor' }],
      ['given another password', { password: 'quartz lantern meadow' }],
    ] as const) {
      it(`is not made for somebody who is ${what} while he makes it`, async () => {
        const principal = await loggedIn('ann');
        const add = world.apiKeys.add.bind(world.apiKeys);
        world.apiKeys.add = async (key, atMost) => {
          await world.administerUser.execute({ user: 'ann', actor: 'system', ...change });
          return add(key, atMost);
        };
        const draft = { name: 'late', scopes: ['chat'] } as const;
        const made = world.mintApiKey.execute({ principal, draft, password: 'password of ann' });
        await expectRefusal(made, 'credential.expired');
        await world.administerUser.execute({ user: 'ann', actor: 'system', disabled: false });
        const { userId } = principal;
        expect(await world.listApiKeys.execute({ ownerId: userId, withControl: true })).to.deep.equal([]);
      });
    }
  });

  describe('that is shown', () => {
    it('stands for its owner with the role that he has now', async () => {
      const { key, apiKey } = await mint('ann', { scopes: ['chat', 'mux'] });
      expect(await bearer(key)).to.deep.include({
        kind: 'key',
        username: 'ann',
        role: 'user',
        apiKeyId: apiKey.id,
      });
      await world.administerUser.execute({ user: 'ann', actor: 'system', role: 'admin' });
      expect(await bearer(key)).to.deep.include({ role: 'admin', scopes: ['chat', 'mux'] });
    });

    it('is refused without a look into the store when one character is wrong', async () => {
      const { key } = await mint('ann');
      let looked = 0;
      const counting = new Proxy(world.apiKeys, {
        get: (keys, name: keyof ApiKeyRepository) => {
          looked += 1;
          return keys[name].bind(keys);
        },
      });
      const authenticate = new Authenticate({
        tokens: world.tokens,
        sessions: world.status,
        serviceKeys: { accepts: () => false },
        apiKeys: new StoredApiKeys({ ...pick(world), apiKeys: counting }),
        tickets: { redeem: () => Promise.reject(new Error('no ticket')) },
        cookies: { verify: () => Promise.reject(new Error('no cookie')) },
      });
      for (let at = 3; at < key.length; at += 1) {
        const wrong = key.slice(0, at) + (key[at] === 'x' ? 'y' : 'x') + key.slice(at + 1);
        await expectRefusal(authenticate.execute({ kind: 'bearer', value: wrong }), 'credential.invalid');
      }
      expect(looked).to.equal(0);
      await authenticate.execute({ kind: 'bearer', value: key });
      expect(looked).to.be.greaterThan(0);
    });

    it('is refused when its form is right but nobody made it, or another secret', async () => {
      const mine = await world.mintKey({ owner: 'ann' });
      const nobodys = apiKeyText('0123456789ab' as ApiKeyId, world.ids.secret(API_KEY_SECRET_BITS));
      await expectRefusal(bearer(nobodys), 'credential.invalid');
      const guessed = apiKeyText(mine.apiKey.id, world.ids.secret(API_KEY_SECRET_BITS));
      await expectRefusal(bearer(guessed), 'credential.invalid');
      await bearer(mine.key);
    });

    it('is good in no other place than a bearer is', async () => {
      const { key } = await mint('ann');
      for (const kind of ['cookie', 'ticket'] as const) {
        await expectRefusal(world.authenticate.execute({ kind, value: key }), 'credential.invalid');
      }
    });

    it('ends when it expires', async () => {
      const { key, apiKey } = await mint('ann', { expiresAtMs: world.clock.nowMs() + 1_000 });
      const principal = await bearer(key);
      world.clock.advance(999);
      await bearer(key);
      world.clock.advance(1);
      await expectRefusal(bearer(key), 'credential.expired');
      expect(await world.status.isLive(principal as EndingPrincipal)).to.equal(false);
      const by = { userId: apiKey.ownerId as UserPrincipal['userId'], managesControl: false };
      await expectRefusal(world.revokeApiKey.execute({ id: apiKey.id, by }), 'api_key.not_found');
    });

    it('ends with its owner, and does not come back with him', async () => {
      const { key } = await mint('ann');
      const principal = await bearer(key);
      await world.administerUser.execute({ user: 'ann', actor: 'system', disabled: true });
      await expectRefusal(bearer(key), 'credential.expired');
      expect(await world.status.isLive(principal as EndingPrincipal)).to.equal(false);
      await world.administerUser.execute({ user: 'ann', actor: 'system', disabled: false });
      await expectRefusal(bearer(key), 'credential.expired');
    });

    it('outlives the password and the logins of its owner', async () => {
      const { key } = await mint('ann');
      const { refreshToken } = await world.login('ann');
      await world.logOut.execute({ refreshToken, everywhere: true });
      await world.administerUser.execute({ user: 'ann', actor: 'system', password: 'quartz lantern meadow' });
      await bearer(key);
    });

    it('keeps what is open by it only while its owner has the role that it was opened with', async () => {
      const principal = await bearer((await mint('ann')).key);
      expect(await world.status.isLive(principal as EndingPrincipal)).to.equal(true);
      await world.administerUser.execute({ user: 'ann', actor: 'system', role: 'supervisor' });
      expect(await world.status.isLive(principal as EndingPrincipal)).to.equal(false);
    });

    it('notes its last use once a minute, also when that cannot be written', async () => {
      const { key, apiKey } = await mint('ann');
      const lastUse = async () => (await world.apiKeys.find(apiKey.id))?.lastUsedAtMs;
      const touch = world.apiKeys.touch.bind(world.apiKeys);
      world.apiKeys.touch = () => Promise.reject(new Error('the disk is full'));
      await bearer(key);
      expect(await lastUse()).to.equal(undefined);
      let written = 0;
      world.apiKeys.touch = (id, nowMs) => {
        written += 1;
        return touch(id, nowMs);
      };
      const first = world.clock.nowMs();
      await bearer(key);
      world.clock.advance(KEY_USE_WRITTEN_EVERY_MS - 1);
      await bearer(key);
      expect([await lastUse(), written]).to.deep.equal([first, 1]);
      world.clock.advance(1);
      await bearer(key);
      expect([await lastUse(), written]).to.deep.equal([first + KEY_USE_WRITTEN_EVERY_MS, 2]);
    });
  });

  describe('of an agent', () => {
    it('belongs to the agent, and outlives the admin who made it', async () => {
      await world.addUser('second', 'admin');
      const { key, apiKey } = await mint('root', { scopes: ['control'], agent: 'builder' });
      expect(apiKey).to.not.have.property('ownerId');
      const principal = await bearer(key);
      expect(principal).to.deep.equal({
        kind: 'agent',
        apiKeyId: apiKey.id,
        scopes: ['control'],
        agent: 'builder',
      });
      await world.administerUser.execute({ user: 'root', actor: 'system', disabled: true });
      await world.deleteUser.execute({ user: 'root', actor: 'system' });
      expect(await bearer(key)).to.deep.equal(principal);
      expect(await world.status.isLive(principal as EndingPrincipal)).to.equal(true);
      const second = await loggedIn('second');
      const by = { userId: second.userId, managesControl: true };
      await world.revokeApiKey.execute({ id: apiKey.id, by });
      await expectRefusal(bearer(key), 'credential.expired');
      expect(await world.status.isLive(principal as EndingPrincipal)).to.equal(false);
    });

    it('is ended by whoever manages control keys, and by nobody else', async () => {
      const { apiKey } = await mint('root', { scopes: ['control'] });
      const { userId } = await loggedIn('ann');
      const by = { userId, managesControl: false };
      await expectRefusal(world.revokeApiKey.execute({ id: apiKey.id, by }), 'api_key.not_found');
      expect(await world.listApiKeys.execute({ ownerId: userId, withControl: false })).to.deep.equal([]);
      expect(await world.listApiKeys.execute({ ownerId: userId, withControl: true })).to.deep.equal([apiKey]);
      await world.revokeApiKey.execute({ id: apiKey.id, by: 'system' });
    });
  });

  it("is revoked by its owner, once, and by nobody else's hand", async () => {
    const { apiKey, key } = await mint('ann');
    const { userId } = await loggedIn('root');
    const foreign = { id: apiKey.id, by: { userId, managesControl: true } };
    await expectRefusal(world.revokeApiKey.execute(foreign), 'api_key.not_found');
    await bearer(key);
    const own = { id: apiKey.id, by: { userId: (await loggedIn('ann')).userId, managesControl: false } };
    await world.revokeApiKey.execute(own);
    await expectRefusal(bearer(key), 'credential.expired');
    await expectRefusal(world.revokeApiKey.execute(own), 'api_key.not_found');
    expect(world.acts().filter((act) => act.startsWith('api_key.revoked'))).to.have.length(1);
  });
});

const pick = ({ users, digest, clock }: IdentityWorld) => ({ users, digest, clock });
