import { expect } from 'chai';
import type { PrincipalDirectory } from '../../src/application/ports/identity/principal-directory.ts';
import { userIdFrom } from '../../src/domain/identity/ids.ts';
import type { IdentityWorld } from '../support/identity-world.ts';

/** A directory over the accounts of a world. */
export interface DirectorySetup {
  readonly world: IdentityWorld;
  readonly directory: PrincipalDirectory;
  close(): void;
}

/** What every directory promises. */
export function describePrincipalDirectory(name: string, create: () => Promise<DirectorySetup>): void {
  describe(`${name} as a directory of principals`, () => {
    let setup: DirectorySetup;

    beforeEach(async () => {
      setup = await create();
    });

    afterEach(() => setup.close());

    it('finds a person by id, by username and by email, in any case', async () => {
      const { world, directory } = setup;
      const { id } = await world.addUser('ada', 'supervisor');
      const entry = {
        userId: id,
        username: 'ada',
        email: 'ada@example.org',
        role: 'supervisor',
        isVerified: true,
        disabled: false,
      };
      expect(await directory.resolve(id)).to.deep.equal(entry);
      expect(await directory.resolve('ADA')).to.deep.equal(entry);
      expect(await directory.resolveEmail('Ada@Example.org')).to.deep.equal(entry);
    });

    it('finds nobody where there is nobody', async () => {
      const { world, directory } = setup;
      await world.addUser('ada');
      expect(await directory.resolve('grace')).to.equal(undefined);
      expect(await directory.resolve(userIdFrom(world.ids.uuid()))).to.equal(undefined);
      expect(await directory.resolveEmail('ada')).to.equal(undefined);
    });

    it('finds nobody under what nobody can be called', async () => {
      const { world, directory } = setup;
      await world.addUser('ada');
      for (const name of ['', 'ada\0', '\0', '\uD800', 'x'.repeat(5_000), '__proto__']) {
        expect(await directory.resolve(name)).to.equal(undefined);
        expect(await directory.resolveEmail(name)).to.equal(undefined);
        if (name !== '') {
          const found = await directory.search(name, { offset: 0, limit: 5 });
          expect(found).to.deep.equal({ entries: [], total: 0 });
        }
      }
    });

    it('says that an account is disabled, and knows a deleted one by its id alone', async () => {
      const { world, directory } = setup;
      const { id } = await world.addUser('ada');
      await world.administerUser.execute({ user: 'ada', disabled: true, actor: 'system' });
      expect((await directory.resolve('ada'))?.disabled).to.equal(true);
      await world.deleteUser.execute({ user: 'ada', actor: 'system' });
      expect(await directory.resolve('ada')).to.equal(undefined);
      expect((await directory.resolve(id))?.disabled).to.equal(true);
    });

    it('searches usernames and emails by pages, oldest first', async () => {
      const { world, directory } = setup;
      for (const name of ['ada', 'adam', 'grace']) {
        await world.addUser(name);
        world.clock.advance(1);
      }
      const page = await directory.search('ADA', { offset: 1, limit: 5 });
      expect(page.entries.map(({ username }) => username)).to.deep.equal(['adam']);
      expect(page.total).to.equal(2);
      expect((await directory.search('', { offset: 0, limit: 1 })).total).to.equal(3);
    });
  });
}
