import { expect } from 'chai';
import { actorAt, actorOf } from '../../../src/domain/audit/audit-actor.ts';
import { type AuditRecord, auditRecordFrom, auditText } from '../../../src/domain/audit/audit-record.ts';
import type { ApiKeyId } from '../../../src/domain/identity/ids.ts';
import type { KeyPrincipal } from '../../../src/domain/identity/principal.ts';
import { user } from '../../support/ledger-builders.ts';

const RECORD: AuditRecord = {
  facts: { to: 'admin', from: 'user' },
  object: user(2),
  act: 'user.role_changed',
  outcome: 'done',
  requestId: 'r1',
  actor: user(1),
};

describe('an audit record', () => {
  it('has one text, whatever order its members were written in', () => {
    const reversed = Object.fromEntries(Object.entries(RECORD).reverse()) as unknown as AuditRecord;
    const facts = { from: 'user', to: 'admin' };
    expect(auditText({ ...reversed, facts })).to.equal(auditText(RECORD));
    expect(auditRecordFrom(auditText(RECORD))).to.deep.equal(RECORD);
  });

  it('stays small whatever is put in', () => {
    const long = 'x'.repeat(10_000);
    const facts = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`${long}${index}`, long]));
    const text = auditText({ act: long, outcome: 'refused', object: long, requestId: long, facts });
    expect(text.length).to.be.lessThan(10_000);
    expect(auditRecordFrom(text).object).to.match(/^x{199}…$/);
  });

  it('keeps what is treacherous as it came, on one line', () => {
    const object = 'a\nb\u0000\u202ec\ud800';
    expect(auditText({ act: 'a.b', outcome: 'done', object })).not.to.contain('\n');
    expect(auditRecordFrom(auditText({ act: 'a.b', outcome: 'done', object })).object).to.equal(object);
  });

  it('is not read from what is none', () => {
    for (const text of ['', 'null', '[]', '{}', '{"act":1}']) {
      expect(() => auditRecordFrom(text), text).to.throw();
    }
  });
});

describe('who acted', () => {
  it('is the person, the key and not its owner, the agent by its key, or the service', () => {
    const person = { userId: user(1), username: 'ann', email: 'a@b', role: 'admin' } as const;
    const apiKeyId = 'k1' as ApiKeyId;
    const key: KeyPrincipal = { ...person, kind: 'key', apiKeyId, scopes: ['admin:read'] };
    expect(actorOf(key)).to.equal('key:k1');
    expect(actorOf({ kind: 'agent', apiKeyId, scopes: ['control'] })).to.equal('key:k1');
    expect(actorOf({ kind: 'service' })).to.equal('service');
  });

  it('is the network of whoever showed no good credential', () => {
    expect(actorAt('2001:db8::/64')).to.equal('address:2001:db8::/64');
    expect(actorAt(undefined)).to.equal(undefined);
  });
});
