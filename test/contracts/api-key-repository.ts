import { expect } from 'chai';
import type { ApiKeyRepository } from '../../src/application/ports/identity/api-key-repository.ts';
import type { RevocationLog } from '../../src/application/ports/identity/revocation-log.ts';
import {
  type ApiKey,
  ENDED_KEY_KEPT_MS,
  KEY_USE_WRITTEN_EVERY_MS,
} from '../../src/domain/identity/api-key.ts';
import type { ApiKeyId } from '../../src/domain/identity/ids.ts';
import { aControlKey, aKey } from '../support/identity-builders.ts';
import { T0, user } from '../support/ledger-builders.ts';

/** A repository under test, the log that it writes, and how to put both away. */
export interface ApiKeysUnderTest {
  readonly apiKeys: ApiKeyRepository;
  readonly revocations: RevocationLog;
  close(): Promise<void>;
}

const MANY = 100;
const idsOf = (keys: readonly ApiKey[]): ApiKeyId[] => keys.map(({ id }) => id);

/** The behaviour of every `ApiKeyRepository`. */
export function describeApiKeyRepository(name: string, create: () => Promise<ApiKeysUnderTest>): void {
  describe(`${name} as an ApiKeyRepository`, () => {
    let subject: ApiKeysUnderTest;
    beforeEach(async () => {
      subject = await create();
    });
    afterEach(() => subject.close());

    const keys = (): ApiKeyRepository => subject.apiKeys;
    describeKeeping(keys);
    describeLimits(keys);
    describeUse(keys);
    describeEnds(keys, () => subject.revocations);
  });
}

function describeKeeping(keys: () => ApiKeyRepository): void {
  it('keeps a key whole as it was made', async () => {
    const full = aControlKey(2, { agent: 'builder', expiresAtMs: T0 + 9 });
    const several = aKey(1, { scopes: ['chat', 'mux'] });
    await keys().add(full, MANY);
    await keys().add(several, MANY);
    expect(await keys().find(full.id)).to.deep.equal(full);
    expect(await keys().find(several.id)).to.deep.equal(several);
    expect(await keys().find(aKey(3).id)).to.equal(undefined);
  });

  it("lists an owner's live keys, newest first, and those of agents apart", async () => {
    await keys().add(aKey(1, { createdAtMs: T0 }), MANY);
    await keys().add(aKey(2, { createdAtMs: T0 + 2 }), MANY);
    await keys().add(aKey(3, { createdAtMs: T0 + 1, expiresAtMs: T0 + 5 }), MANY);
    await keys().add(aKey(4, { ownerId: user(2) }), MANY);
    await keys().add(aControlKey(5), MANY);
    expect(idsOf(await keys().listLive(user(1), T0 + 4))).to.deep.equal(
      [2, 3, 1].map((number) => aKey(number).id),
    );
    expect(idsOf(await keys().listLive(user(1), T0 + 5))).to.deep.equal(
      [2, 1].map((number) => aKey(number).id),
    );
    expect(idsOf(await keys().listLive('agents', T0))).to.deep.equal([aKey(5).id]);
    const everybodys = idsOf(await keys().listLive('everybody', T0));
    expect(everybodys).to.deep.equal([2, 3, 5, 4, 1].map((number) => aKey(number).id));
    const page = { offset: 1, limit: 2 };
    expect(idsOf(await keys().listLive('everybody', T0, page))).to.deep.equal(everybodys.slice(1, 3));
    await keys().revoke(aKey(2).id, T0 + 6);
    expect(idsOf(await keys().listLive(user(1), T0 + 6))).to.deep.equal([aKey(1).id]);
  });
}

function describeLimits(keys: () => ApiKeyRepository): void {
  it('refuses one more than an owner may have, and counts the living of each owner alone', async () => {
    await keys().add(aKey(1, { expiresAtMs: T0 + 5 }), 2);
    await keys().add(aKey(2), 2);
    expect(await keys().add(aKey(3), 2)).to.equal('limit-reached');
    expect(await keys().find(aKey(3).id)).to.equal(undefined);
    expect(await keys().add(aKey(4, { ownerId: user(2) }), 2)).to.equal('added');
    expect(await keys().add(aControlKey(5), 2)).to.equal('added');
    expect(await keys().add(aKey(6, { createdAtMs: T0 + 5 }), 2)).to.equal('added');
    await keys().revoke(aKey(2).id, T0 + 5);
    expect(await keys().add(aKey(7, { createdAtMs: T0 + 6 }), 2)).to.equal('added');
    expect(await keys().add(aKey(8, { createdAtMs: T0 + 6 }), 2)).to.equal('limit-reached');
  });

  it('gives the last place to one of two who race for it', async () => {
    const outcomes = await Promise.all([keys().add(aKey(1), 1), keys().add(aKey(2), 1)]);
    expect(outcomes.toSorted()).to.deep.equal(['added', 'limit-reached']);
    expect(await keys().listLive(user(1), T0)).to.have.length(1);
  });

  it('forgets a key only when it ended 30 days ago', async () => {
    await keys().add(aKey(1), MANY);
    await keys().add(aKey(2, { expiresAtMs: T0 + 1 }), MANY);
    await keys().revoke(aKey(1).id, T0 + 1);
    await keys().add(aKey(3, { createdAtMs: T0 + ENDED_KEY_KEPT_MS }), MANY);
    expect(await keys().find(aKey(1).id)).to.deep.equal(aKey(1, { revokedAtMs: T0 + 1 }));
    expect(await keys().find(aKey(2).id)).to.not.equal(undefined);
    await keys().add(aKey(4, { createdAtMs: T0 + ENDED_KEY_KEPT_MS + 1 }), MANY);
    expect(await keys().find(aKey(1).id)).to.equal(undefined);
    expect(await keys().find(aKey(2).id)).to.equal(undefined);
    expect(await keys().find(aKey(3).id)).to.not.equal(undefined);
  });
}

function describeUse(keys: () => ApiKeyRepository): void {
  const lastUse = async (): Promise<number | undefined> => (await keys().find(aKey(1).id))?.lastUsedAtMs;

  it('notes the last use, once a minute at most', async () => {
    await keys().add(aKey(1), MANY);
    expect(await lastUse()).to.equal(undefined);
    await keys().touch(aKey(1).id, T0 + 5);
    await keys().touch(aKey(1).id, T0 + 4 + KEY_USE_WRITTEN_EVERY_MS);
    expect(await lastUse()).to.equal(T0 + 5);
    await keys().touch(aKey(1).id, T0 + 5 + KEY_USE_WRITTEN_EVERY_MS);
    expect(await lastUse()).to.equal(T0 + 5 + KEY_USE_WRITTEN_EVERY_MS);
  });

  it('leaves a revoked key as it was, and an unknown one unknown', async () => {
    await keys().add(aKey(1), MANY);
    await keys().revoke(aKey(1).id, T0 + 1);
    await keys().touch(aKey(1).id, T0 + 2);
    await keys().touch(aKey(2).id, T0 + 2);
    expect(await keys().find(aKey(1).id)).to.deep.equal(aKey(1, { revokedAtMs: T0 + 1 }));
    expect(await keys().find(aKey(2).id)).to.equal(undefined);
  });

  it('keeps a key revoked when a use races with its end', async () => {
    await keys().add(aKey(1), MANY);
    const { id } = aKey(1);
    await Promise.all([keys().touch(id, T0 + 2), keys().revoke(id, T0 + 2), keys().touch(id, T0 + 2)]);
    expect((await keys().find(id))?.revokedAtMs).to.equal(T0 + 2);
  });
}

function describeEnds(keys: () => ApiKeyRepository, revocations: () => RevocationLog): void {
  const logged = async () => {
    const entries = await revocations().after(0, MANY);
    return entries === 'lost' ? entries : entries.map(({ end, atMs }) => ({ end, atMs }));
  };

  it('revokes for exactly one of two who race, and logs one end', async () => {
    await keys().add(aKey(1), MANY);
    const { id } = aKey(1);
    const outcomes = await Promise.all([keys().revoke(id, T0 + 1), keys().revoke(id, T0 + 2)]);
    expect(outcomes.toSorted()).to.deep.equal(['not-live', 'revoked']);
    const endedAtMs = (await keys().find(id))?.revokedAtMs ?? 0;
    expect(await logged()).to.deep.equal([{ end: { apiKeyId: id }, atMs: endedAtMs }]);
  });

  it('does not revoke what is unknown or has expired', async () => {
    await keys().add(aKey(1, { expiresAtMs: T0 + 1 }), MANY);
    expect(await keys().revoke(aKey(1).id, T0 + 1)).to.equal('not-live');
    expect(await keys().revoke(aKey(2).id, T0 + 1)).to.equal('not-live');
    expect(await logged()).to.deep.equal([]);
  });

  it("revokes all live keys of a user, nobody else's and none of an agent's", async () => {
    await keys().add(aKey(1), MANY);
    await keys().add(aKey(2, { expiresAtMs: T0 + 1 }), MANY);
    await keys().add(aKey(3), MANY);
    await keys().add(aKey(4, { ownerId: user(2) }), MANY);
    await keys().add(aControlKey(5), MANY);
    const ended = await keys().revokeAllOf(user(1), T0 + 2);
    expect(ended.toSorted()).to.deep.equal([aKey(1).id, aKey(3).id]);
    expect(await keys().revokeAllOf(user(1), T0 + 3)).to.deep.equal([]);
    expect(await keys().listLive(user(1), T0 + 3)).to.deep.equal([]);
    expect(idsOf(await keys().listLive(user(2), T0 + 3))).to.deep.equal([aKey(4).id]);
    expect(idsOf(await keys().listLive('agents', T0 + 3))).to.deep.equal([aKey(5).id]);
    expect(await logged()).to.have.deep.members(
      [1, 3].map((number) => ({ end: { apiKeyId: aKey(number).id }, atMs: T0 + 2 })),
    );
  });
}
