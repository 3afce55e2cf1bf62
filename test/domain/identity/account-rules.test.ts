import { expect } from 'chai';
import { emailFrom, requirePassword, usernameFrom } from '../../../src/domain/identity/account-rules.ts';
import { expectThrown } from '../../support/refusals.ts';

describe('the rules of accounts', () => {
  for (const name of ['a', 'ada', 'Ada.Lovelace', 'user_1', 'é', '李小龙', 'a@b.org', 'x'.repeat(64)]) {
    it(`let in the username ${name}`, () => expect(usernameFrom(name)).to.equal(name));
  }

  it('store a username in its compatibility form', () => expect(usernameFrom('ａｄａ')).to.equal('ada'));

  for (const [what, name] of [
    ['an empty one', ''],
    ['a long one', 'x'.repeat(65)],
    ['one that grows too long in its compatibility form', '\u{FDFA}'.repeat(10)],
    ['a space', 'a b'],
    ['a no-break space', 'a\u00A0b'],
    ['a slash', 'a/b'],
    ['two dots', '..'],
    ['a line feed', 'a\nb'],
    ['a bidirectional override', 'a\u202Eb'],
    ['a zero-width joiner', 'a\u200Db'],
    ['a lone mark', '\u0301'],
    ['a variation selector', 'ada\uFE0F'],
    ['a Hangul filler', 'a\u3164da'],
    ['a combining grapheme joiner', 'ada\u034F'],
    ['the form of an id', `u_${'0'.repeat(32)}`],
    ['the form of an id in capitals', `U_${'A'.repeat(32)}`],
  ] as const) {
    it(`refuse a username with or of ${what}`, () =>
      expectThrown(() => usernameFrom(name), 'request.invalid'));
  }

  for (const email of ['a@b.org', 'first.last+tag@sub.example.org', 'ü@bücher.example']) {
    it(`let in the email ${email}`, () => expect(emailFrom(email)).to.equal(email));
  }

  for (const email of [
    '',
    'a',
    'a@',
    '@b.org',
    'a@b',
    'a@b..org',
    'a b@c.org',
    'a@b@c.org',
    'a\u202E@b.org',
    'a\uFE0F@b.org',
    'a@b\u3164.org',
    `${'a'.repeat(65)}@b.org`,
    `a@${'b'.repeat(250)}.org`,
  ]) {
    it(`refuse the email ${JSON.stringify(email)}`, () =>
      expectThrown(() => emailFrom(email), 'request.invalid'));
  }

  it('count the characters of a password, not its code units', () => {
    requirePassword('x'.repeat(8));
    requirePassword('🔑'.repeat(256));
    expectThrown(() => requirePassword('🔑'.repeat(7)), 'request.invalid');
    expectThrown(() => requirePassword('x'.repeat(257)), 'request.invalid');
  });
});
