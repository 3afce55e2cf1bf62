import { expect } from 'chai';
import { CookieDesk } from '../../../../src/adapters/inbound/http/routes/identity/cookie-desk.ts';
import { SessionCookie } from '../../../../src/adapters/inbound/http/session-cookie.ts';
import { ManualClock } from '../../../support/manual-clock.ts';

describe('CookieDesk', () => {
  it('gives a cookie the whole life of its login, though a moment of it has passed', () => {
    const clock = new ManualClock();
    const expiresAtMs = clock.nowMs() + 43_200_000;
    const desk = new CookieDesk({ cookie: new SessionCookie(), clock });
    const maxAgeAfter = (ms: number): string => {
      clock.advance(ms);
      const { headers } = desk.handOut({ secret: 'x'.repeat(43), expiresAtMs });
      return /Max-Age=\d+/.exec(headers['Set-Cookie'] ?? '')?.[0] ?? '';
    };
    expect([maxAgeAfter(0), maxAgeAfter(1), maxAgeAfter(999)]).to.deep.equal([
      'Max-Age=43200',
      'Max-Age=43200',
      'Max-Age=43199',
    ]);
    expect(maxAgeAfter(43_200_000)).to.equal('Max-Age=0');
  });
});
