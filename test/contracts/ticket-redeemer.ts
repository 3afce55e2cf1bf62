import { expect } from 'chai';
import type { TicketRedeemer } from '../../src/application/ports/identity/ticket-redeemer.ts';
import type { UserPrincipal } from '../../src/domain/identity/principal.ts';
import { TICKET_LIFE_MS } from '../../src/domain/identity/ticket.ts';
import type { IdentityWorld } from '../support/identity-world.ts';
import { expectRefusal, expectRefusalAmong } from '../support/refusals.ts';

/** A redeemer of the tickets of a world. */
export interface RedeemerSetup {
  readonly world: IdentityWorld;
  readonly redeemer: TicketRedeemer;
  close(): void;
}

/** What every redeemer promises. */
export function describeTicketRedeemer(name: string, create: () => Promise<RedeemerSetup>): void {
  describe(`${name} as a redeemer of tickets`, () => {
    let setup: RedeemerSetup;
    let principal: UserPrincipal;
    beforeEach(async () => {
      setup = await create();
      const { world } = setup;
      await world.addUser('ann');
      const { accessToken: value } = await world.login('ann');
      principal = (await world.authenticate.execute({ kind: 'bearer', value })) as UserPrincipal;
    });
    afterEach(() => setup.close());

    const mint = async (by = principal): Promise<string> =>
      (await setup.world.mintTicket.execute({ principal: by })).ticket;

    it('tells the login that a ticket carries, by a token or by a cookie', async () => {
      expect(await setup.redeemer.redeem(await mint())).to.deep.equal(principal);
      const byCookie = { ...principal, byCookie: true } as const;
      expect(await setup.redeemer.redeem(await mint(byCookie))).to.deep.equal(byCookie);
    });

    it('redeems for exactly one of two who race, and for nobody after', async () => {
      const ticket = await mint();
      const racing = [setup.redeemer.redeem(ticket), setup.redeemer.redeem(ticket)];
      const settled = await Promise.allSettled(racing);
      expect(settled.map(({ status }) => status).toSorted()).to.deep.equal(['fulfilled', 'rejected']);
      await expectRefusal(setup.redeemer.redeem(ticket), 'credential.invalid');
    });

    it('refuses a ticket that is none or whose time is over', async () => {
      await expectRefusal(setup.redeemer.redeem('nobody made this'), 'credential.invalid');
      const ticket = await mint();
      setup.world.clock.advance(TICKET_LIFE_MS);
      await expectRefusal(setup.redeemer.redeem(ticket), 'credential.invalid');
    });

    it('refuses a ticket whose login has ended or whose role has changed', async () => {
      const ended = ['credential.expired', 'credential.invalid'] as const;
      const [first, second] = [await mint(), await mint()];
      await setup.world.users.change(principal.userId, { role: 'admin' });
      await expectRefusalAmong(setup.redeemer.redeem(first), ended);
      await setup.world.users.change(principal.userId, { role: 'user' });
      await setup.world.sessions.end(principal.loginSessionId, setup.world.clock.nowMs());
      await expectRefusalAmong(setup.redeemer.redeem(second), ended);
    });
  });
}
