import { expect } from 'chai';
import type { ApiKeyVerifier } from '../../src/application/ports/identity/api-key-verifier.ts';
import {
  API_KEY_SECRET_BITS,
  type ApiKeyText,
  apiKeyText,
  readApiKey,
} from '../../src/domain/identity/api-key-text.ts';
import type { IdentityWorld } from '../support/identity-world.ts';
import { expectRefusal, expectRefusalAmong } from '../support/refusals.ts';

/** A verifier of the keys of a world. */
export interface VerifierSetup {
  readonly world: IdentityWorld;
  readonly verifier: ApiKeyVerifier;
  /** Lets the time pass for which an answer may be old. */
  passTime(): void;
  close(): void;
}

/** A key as whoever holds it reads it. */
export function keyText(text: string): ApiKeyText {
  const read = readApiKey(text);
  if (read === undefined) throw new Error('it is no key');
  return read;
}

/** What every verifier promises. */
export function describeApiKeyVerifier(name: string, create: () => Promise<VerifierSetup>): void {
  describe(`${name} as a verifier of API keys`, () => {
    let setup: VerifierSetup;
    beforeEach(async () => {
      setup = await create();
      await setup.world.addUser('ann');
    });
    afterEach(() => setup.close());

    it('tells the owner with the role that he has now, and the scopes', async () => {
      const { world, verifier } = setup;
      const { key, apiKey } = await world.mintKey({ owner: 'ann', scopes: ['chat', 'mux'] });
      const ann = await world.users.findByUsername('ann');
      const principal = {
        kind: 'key',
        userId: ann?.id,
        username: 'ann',
        email: 'ann@example.org',
        role: 'user',
        apiKeyId: apiKey.id,
        scopes: ['chat', 'mux'],
      };
      expect(await verifier.verify(keyText(key))).to.deep.equal(principal);
      await world.administerUser.execute({ user: 'ann', actor: 'system', role: 'supervisor' });
      setup.passTime();
      expect(await verifier.verify(keyText(key))).to.deep.equal({ ...principal, role: 'supervisor' });
    });

    it('tells the agent of a control key, with and without a profile', async () => {
      const { world, verifier } = setup;
      const bound = await world.mintKey({ agent: 'builder' });
      const { id: apiKeyId } = bound.apiKey;
      expect(await verifier.verify(keyText(bound.key))).to.deep.equal({
        kind: 'agent',
        apiKeyId,
        scopes: ['control'],
        agent: 'builder',
      });
      const alone = await world.mintKey();
      expect(await verifier.verify(keyText(alone.key))).to.deep.equal({
        kind: 'agent',
        apiKeyId: alone.apiKey.id,
        scopes: ['control'],
      });
      const wider = await world.mintKey({ scopes: ['control', 'mux'] });
      expect(await verifier.verify(keyText(wider.key))).to.deep.include({ scopes: ['control', 'mux'] });
    });

    it('tells when a key expires', async () => {
      const { world, verifier } = setup;
      const expiresAtMs = world.clock.nowMs() + 60_000;
      for (const given of [{ owner: 'ann' }, {}]) {
        const { key } = await world.mintKey({ ...given, expiresAtMs });
        expect(await verifier.verify(keyText(key))).to.deep.include({ expiresAtMs });
      }
    });

    it('refuses a key that nobody made, and a guessed secret', async () => {
      const { world, verifier } = setup;
      const { apiKey } = await world.mintKey({ owner: 'ann' });
      const guessed = apiKeyText(apiKey.id, world.ids.secret(API_KEY_SECRET_BITS));
      await expectRefusal(verifier.verify(keyText(guessed)), 'credential.invalid');
      const other = (await new (world.constructor as new () => IdentityWorld)().mintKey()).key;
      await expectRefusal(verifier.verify(keyText(other)), 'credential.invalid');
    });

    it('refuses a key that was revoked, has expired, or whose owner has gone', async () => {
      const { world, verifier } = setup;
      const ended = ['credential.expired', 'credential.invalid'] as const;
      const nowMs = world.clock.nowMs();
      const revoked = await world.mintKey({ owner: 'ann' });
      const expiring = await world.mintKey({ owner: 'ann', expiresAtMs: nowMs + 60_000 });
      const orphan = await world.mintKey({ owner: 'ann' });
      for (const { key } of [revoked, expiring, orphan]) await verifier.verify(keyText(key));
      await world.apiKeys.revoke(revoked.apiKey.id, nowMs);
      world.clock.advance(60_000);
      setup.passTime();
      await expectRefusalAmong(verifier.verify(keyText(revoked.key)), ended);
      await expectRefusalAmong(verifier.verify(keyText(expiring.key)), ended);
      await verifier.verify(keyText(orphan.key));
      await world.administerUser.execute({ user: 'ann', actor: 'system', disabled: true });
      setup.passTime();
      await expectRefusalAmong(verifier.verify(keyText(orphan.key)), ended);
    });
  });
}
