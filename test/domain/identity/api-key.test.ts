import { crc32 as zlibCrc32 } from 'node:zlib';
import { expect } from 'chai';
import fc from 'fast-check';
import { DomainError } from '../../../src/domain/domain-error.ts';
import {
  type ApiKeyDraft,
  isLiveKey,
  MAX_KEY_NAME_CHARACTERS,
  principalOfKey,
  requireMintable,
} from '../../../src/domain/identity/api-key.ts';
import {
  apiKeyIdFrom,
  apiKeyText,
  isApiKeyId,
  readApiKey,
} from '../../../src/domain/identity/api-key-text.ts';
import { crc32 } from '../../../src/domain/identity/crc32.ts';
import type { ApiKeyId } from '../../../src/domain/identity/ids.ts';
import { hasExpired, type Role } from '../../../src/domain/identity/principal.ts';
import { aControlKey, aKey, aUser } from '../../support/identity-builders.ts';
import { T0 } from '../../support/ledger-builders.ts';

const ID = '000000000000' as ApiKeyId;
const VECTOR = `hf_000000000000_${'A'.repeat(43)}3csmEb`;
const base64url = fc.stringMatching(/^[A-Za-z0-9_-]{43}$/);
const ids = fc.stringMatching(/^[a-z0-9]{12}$/).map((text) => text as ApiKeyId);

describe('the form of an API key', () => {
  it('has a checksum that others can compute: CRC-32 in six digits of base 62', () => {
    expect(apiKeyText(ID, 'A'.repeat(43))).to.equal(VECTOR);
    expect(crc32('123456789')).to.equal(0xcbf43926);
    fc.assert(fc.property(fc.stringMatching(/^[\x20-\x7e]*$/), (text) => crc32(text) === zlibCrc32(text)));
  });

  it('is read back whatever the secret holds, also _ and - at its ends', () => {
    fc.assert(
      fc.property(ids, base64url, (id, secret) => {
        const text = apiKeyText(id, secret);
        expect(readApiKey(text)).to.deep.equal({ id, text });
      }),
    );
    const awkward = apiKeyText(ID, `_-_${'_'.repeat(37)}_-_`);
    expect(readApiKey(awkward)?.id).to.equal(ID);
  });

  it('is refused with any one character changed, left out or added', () => {
    const text = apiKeyText('a1b2c3d4e5f6' as ApiKeyId, 'q_-Zk'.padEnd(43, 'x'));
    for (let at = 0; at < text.length; at += 1) {
      for (const other of ['a', 'B', '7', '_', '-']) {
        if (text[at] === other) continue;
        expect(readApiKey(text.slice(0, at) + other + text.slice(at + 1)), `${at} ${other}`).to.equal(
          undefined,
        );
      }
      expect(readApiKey(text.slice(0, at) + text.slice(at + 1))).to.equal(undefined);
      expect(readApiKey(`${text.slice(0, at)}x${text.slice(at)}`)).to.equal(undefined);
    }
  });

  it('is refused in every other form', () => {
    for (const text of ['', 'hf_', 'eyJhbGciOi', VECTOR.toUpperCase(), ` ${VECTOR}`, `${VECTOR}\n`]) {
      expect(readApiKey(text)).to.equal(undefined);
    }
  });

  it('has an id of 12 small letters and digits, made of the random end of a UUID', () => {
    fc.assert(fc.property(fc.uuid({ version: 4 }), (uuid) => isApiKeyId(apiKeyIdFrom(uuid))));
    const id = (end: string) => apiKeyIdFrom(`00000000-0000-4000-${end}`);
    expect(id('8000-000000000000')).to.equal('000000000000');
    expect(id('bfff-ffffffffffff')).to.have.length(12);
    expect(id('8000-000000000001')).to.not.equal(id('9000-000000000001'));
  });
});

describe('who makes which API key', () => {
  const draft: ApiKeyDraft = { name: 'a script', scopes: ['chat'] };
  const refusal = (changes: Partial<ApiKeyDraft>, role: Role = 'admin'): string => {
    try {
      requireMintable({ ...draft, ...changes }, role, T0);
      return 'made';
    } catch (error) {
      return error instanceof DomainError ? error.message : String(error);
    }
  };

  it('is bound by the role of the maker', () => {
    for (const role of ['user', 'supervisor'] as const) {
      expect(refusal({ scopes: ['chat', 'mux'] }, role)).to.equal('made');
      expect(refusal({ scopes: ['admin:read'] }, role)).to.match(/^Only an admin/);
      expect(refusal({ scopes: ['control'] }, role)).to.match(/^Only an admin/);
    }
    expect(refusal({ scopes: ['chat', 'mux', 'admin:read'] })).to.equal('made');
    expect(refusal({ scopes: ['control'] })).to.equal('made');
    expect(refusal({ scopes: ['control'], agent: 'builder-2.x' })).to.equal('made');
    expect(refusal({ scopes: ['mux', 'control'], agent: 'builder-2.x' })).to.equal('made');
    expect(refusal({ scopes: ['mux', 'control'] }, 'supervisor')).to.match(/^Only an admin/);
  });

  const faults: ReadonlyArray<readonly [string, Partial<ApiKeyDraft>, RegExp]> = [
    ['no scope', { scopes: [] }, /^scopes: /],
    ['a scope twice', { scopes: ['chat', 'chat'] }, /^scopes: /],
    ['control beside another scope', { scopes: ['control', 'chat'] }, /^scopes: control stands alone/],
    [
      'control and mux beside another scope',
      { scopes: ['control', 'mux', 'chat'] },
      /^scopes: control stands/,
    ],
    ['an agent for a key of a person', { agent: 'builder' }, /^agent: goes with/],
    ['an agent with a space', { scopes: ['control'], agent: 'two words' }, /^agent: /],
    ['no name', { name: '' }, /^name: /],
    ['a long name', { name: 'é'.repeat(MAX_KEY_NAME_CHARACTERS + 1) }, /^name: /],
    ['a line feed in its name', { name: 'a\nb' }, /^name: /],
    ['an end that is now', { expiresAtMs: T0 }, /^expiresAt: /],
  ];
  for (const [what, changes, sentence] of faults) {
    it(`makes none with ${what}`, () => expect(refusal(changes)).to.match(sentence));
  }

  it('may name it with as many characters as there may be, whatever their code units', () => {
    expect(refusal({ name: '😀'.repeat(MAX_KEY_NAME_CHARACTERS) })).to.equal('made');
  });
});

describe('what a kept API key stands for', () => {
  it('ends at its revocation and at its expiry', () => {
    expect(isLiveKey(aKey(1), T0)).to.equal(true);
    expect(isLiveKey(aKey(1, { revokedAtMs: T0 }), T0)).to.equal(false);
    expect(isLiveKey(aKey(1, { expiresAtMs: T0 + 1 }), T0)).to.equal(true);
    expect(isLiveKey(aKey(1, { expiresAtMs: T0 + 1 }), T0 + 1)).to.equal(false);
  });

  it('is its owner with the role that he has now, and nobody once he has gone', () => {
    const owner = aUser(1, { role: 'supervisor' });
    expect(principalOfKey(aKey(1), owner)).to.deep.equal({
      kind: 'key',
      userId: owner.id,
      username: owner.username,
      email: owner.email,
      role: 'supervisor',
      apiKeyId: aKey(1).id,
      scopes: ['chat'],
    });
    expect(principalOfKey(aKey(1), undefined)).to.equal(undefined);
    expect(principalOfKey(aKey(1), aUser(1, { disabledAtMs: T0 }))).to.equal(undefined);
    expect(principalOfKey(aKey(1), aUser(1, { deletedAtMs: T0 }))).to.equal(undefined);
  });

  it('is the agent for a control key, whoever made it', () => {
    const { id: apiKeyId } = aKey(1);
    expect(principalOfKey(aControlKey(1), undefined)).to.deep.equal({
      kind: 'agent',
      apiKeyId,
      scopes: ['control'],
    });
    const bound = principalOfKey(aControlKey(1, { agent: 'builder' }), undefined);
    expect(bound).to.deep.equal({ kind: 'agent', apiKeyId, scopes: ['control'], agent: 'builder' });
  });

  it('is over when the key is, by its own time', () => {
    const expiresAtMs = T0 + 1;
    for (const principal of [
      principalOfKey(aKey(1, { expiresAtMs }), aUser(1)),
      principalOfKey(aControlKey(1, { expiresAtMs }), undefined),
    ] as const) {
      if (principal === undefined) throw new Error('it is nobody');
      expect(principal.expiresAtMs).to.equal(expiresAtMs);
      expect([hasExpired(principal, T0), hasExpired(principal, expiresAtMs)]).to.deep.equal([false, true]);
    }
    const lasting = principalOfKey(aControlKey(1), undefined);
    expect(lasting && hasExpired(lasting, Number.MAX_SAFE_INTEGER)).to.equal(false);
  });
});
