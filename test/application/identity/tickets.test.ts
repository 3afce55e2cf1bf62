import { expect } from 'chai';
import type { Principal, UserPrincipal } from '../../../src/domain/identity/principal.ts';
import { MAX_TICKETS_PER_USER, TICKET_LIFE_MS } from '../../../src/domain/identity/ticket.ts';
import { IdentityWorld } from '../../support/identity-world.ts';
import { expectRefusal } from '../../support/refusals.ts';

describe('a ticket', () => {
  let world: IdentityWorld;
  let principal: UserPrincipal;
  beforeEach(async () => {
    world = new IdentityWorld();
    await world.addUser('ann');
    const { accessToken } = await world.login('ann');
    principal = (await world.authenticate.execute({ kind: 'bearer', value: accessToken })) as UserPrincipal;
  });

  const mint = async (): Promise<string> => (await world.mintTicket.execute({ principal })).ticket;
  const redeem = (value: string): Promise<Principal> => world.authenticate.execute({ kind: 'ticket', value });

  it('carries the login and the role of who made it, for 30 seconds', async () => {
    const { ticket, expiresInSeconds } = await world.mintTicket.execute({ principal });
    expect([ticket.length, expiresInSeconds]).to.deep.equal([43, 30]);
    world.clock.advance(TICKET_LIFE_MS - 1);
    expect(await redeem(ticket)).to.deep.equal(principal);
    const late = await mint();
    world.clock.advance(TICKET_LIFE_MS);
    await expectRefusal(redeem(late), 'credential.invalid');
  });

  it('is good once, also when two redeem it at the same time', async () => {
    const ticket = await mint();
    const settled = await Promise.allSettled([redeem(ticket), redeem(ticket)]);
    expect(settled.map(({ status }) => status).toSorted()).to.deep.equal(['fulfilled', 'rejected']);
    await expectRefusal(redeem(ticket), 'credential.invalid');
  });

  it('is kept by its hash alone', async () => {
    const ticket = await mint();
    expect(await world.tickets.take(ticket, world.clock.nowMs())).to.equal(undefined);
    const kept = await world.tickets.take(world.digest.sha256Hex(ticket), world.clock.nowMs());
    expect(kept?.loginSessionId).to.equal(principal.loginSessionId);
  });

  it('is good as nothing but a ticket', async () => {
    const ticket = await mint();
    for (const kind of ['bearer', 'cookie'] as const) {
      await expectRefusal(world.authenticate.execute({ kind, value: ticket }), 'credential.invalid');
    }
    expect(await redeem(ticket)).to.deep.equal(principal);
  });

  for (const [what, end] of [
    ['login', () => world.sessions.end(principal.loginSessionId, world.clock.nowMs())],
    ['user', () => world.administerUser.execute({ user: 'ann', actor: 'system', disabled: true })],
    ['role', () => world.administerUser.execute({ user: 'ann', actor: 'system', role: 'admin' })],
  ] as const) {
    it(`ends with its ${what}`, async () => {
      const ticket = await mint();
      await end();
      await expectRefusal(redeem(ticket), 'credential.expired');
      await expectRefusal(redeem(ticket), 'credential.invalid');
    });
  }

  it('is one of at most so many that wait, and says how long to wait', async () => {
    const tickets: string[] = [];
    for (let made = 0; made < MAX_TICKETS_PER_USER; made += 1) tickets.push(await mint());
    const refusal = await expectRefusal(mint(), 'ticket.limit_reached');
    expect(refusal.details.retryAfterMs).to.equal(TICKET_LIFE_MS);
    await redeem(tickets[0] ?? '');
    await mint();
  });
});
