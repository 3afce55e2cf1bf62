import { createHash } from 'node:crypto';
import { expect } from 'chai';
import {
  MAX_SERVERS_OF_A_SESSION,
  type McpInventories,
  type McpServerRecord,
} from '../../src/application/ports/control/mcp-inventories.ts';
import { agent } from '../support/agent-event-builders.ts';
import { T0 } from '../support/ledger-builders.ts';

const route = { owner: agent(1), sessionId: 'sess-1' };
const aServer = (name: string) => ({ name, transport: 'stdio', endpoint: `/usr/bin/${name}` });
const half = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32);

/** The behaviour of every `McpInventories`. */
export function describeMcpInventories(name: string, create: () => Promise<McpInventories>): void {
  describe(`${name} as McpInventories`, () => {
    let inventories: McpInventories;
    beforeEach(async () => {
      inventories = await create();
    });
    const all = (): Promise<readonly McpServerRecord[]> => inventories.list({ limit: 9_999 });
    const byName = async (): Promise<Array<Omit<McpServerRecord, 'id'>>> =>
      (await all())
        .map(({ id: _id, ...record }) => record)
        .toSorted((left, right) => (left.name < right.name ? -1 : 1));

    it('keeps what a session says it has, under ids that are the same each time and everywhere', async () => {
      const odd = { name: '$a.b\u0000🦀', transport: '', endpoint: 'https://x?a=$b' };
      await inventories.replace(route, [aServer('files'), odd], T0);
      const seen = { ...route, firstSeenAtMs: T0, lastSeenAtMs: T0 };
      expect(await byName()).to.deep.equal([
        { ...odd, ...seen },
        { ...aServer('files'), ...seen },
      ]);
      const ids = [odd.name, 'files'].map(
        (server) => half(JSON.stringify([agent(1), 'sess-1'])) + half(server),
      );
      expect((await all()).map(({ id }) => id)).to.deep.equal(ids.toSorted());
    });

    it('puts each inventory in the place of the one before, and remembers since when a server is there', async () => {
      await inventories.replace(route, [aServer('files'), aServer('web')], T0);
      const moved = { ...aServer('files'), endpoint: '/elsewhere' };
      await inventories.replace(route, [moved, aServer('mail')], T0 + 5);
      expect(await byName()).to.deep.equal([
        { ...moved, ...route, firstSeenAtMs: T0, lastSeenAtMs: T0 + 5 },
        { ...aServer('mail'), ...route, firstSeenAtMs: T0 + 5, lastSeenAtMs: T0 + 5 },
      ]);
      await inventories.replace(route, [], T0 + 6);
      expect(await all()).to.deep.equal([]);
      await inventories.replace(route, [moved], T0 + 7);
      expect((await all())[0]?.firstSeenAtMs).to.equal(T0 + 7);
    });

    it('changes nothing by what was said before that and comes late', async () => {
      await inventories.replace(route, [aServer('files')], T0 + 5);
      for (const late of [[aServer('old')], []]) {
        await inventories.replace(route, late, T0 + 4);
        const seen = { firstSeenAtMs: T0 + 5, lastSeenAtMs: T0 + 5 };
        expect(await byName()).to.deep.equal([{ ...aServer('files'), ...route, ...seen }]);
      }
      await inventories.replace(route, [aServer('web')], T0 + 5);
      expect((await all()).map(({ name: server }) => server)).to.deep.equal(['web']);
    });

    it("touches no other session's, of the same owner or of another's", async () => {
      await inventories.replace(route, [aServer('files')], T0);
      await inventories.replace({ ...route, sessionId: 'sess-2' }, [aServer('files')], T0);
      await inventories.replace({ ...route, owner: agent(2) }, [aServer('files')], T0);
      await inventories.replace(route, [], T0 + 1);
      expect((await all()).map(({ owner, sessionId }) => `${owner} ${sessionId}`).toSorted()).to.deep.equal([
        'agent:agent-1 sess-2',
        'agent:agent-2 sess-1',
      ]);
    });

    it('keeps of a name said twice what was said last, and no more than a session may have', async () => {
      await inventories.replace(route, [aServer('files'), { ...aServer('files'), endpoint: '/last' }], T0);
      expect((await all()).map(({ endpoint }) => endpoint)).to.deep.equal(['/last']);
      const many = Array.from({ length: MAX_SERVERS_OF_A_SESSION + 9 }, (_, number) =>
        aServer(`s-${number}`),
      );
      await inventories.replace(route, many, T0 + 1);
      const kept = (await all()).map(({ name: server }) => server);
      expect(kept).to.have.members(many.slice(0, MAX_SERVERS_OF_A_SESSION).map((server) => server.name));
    });

    it('lists all by id, in pages', async () => {
      for (const number of [1, 2, 3]) {
        await inventories.replace({ owner: agent(number), sessionId: 's' }, ['a', 'b', 'c'].map(aServer), T0);
      }
      const listed = await all();
      expect(listed.map(({ id }) => id)).to.deep.equal(listed.map(({ id }) => id).toSorted());
      const paged: McpServerRecord[] = [];
      for (let page = await inventories.list({ limit: 2 }); page.length > 0; ) {
        paged.push(...page);
        page = await inventories.list({ after: paged.at(-1)?.id ?? '', limit: 2 });
      }
      expect(paged).to.deep.equal(listed);
      expect(await inventories.list({ limit: 0 })).to.deep.equal([]);
    });

    it('forgets what was last seen before then, some at a time', async () => {
      await inventories.replace(route, ['a', 'b', 'c'].map(aServer), T0);
      await inventories.replace({ ...route, sessionId: 'sess-2' }, [aServer('d')], T0 + 1);
      expect(await inventories.forget(T0, 9)).to.equal(0);
      expect(await inventories.forget(T0 + 1, 2)).to.equal(2);
      expect(await all()).to.have.length(2);
      expect(await inventories.forget(T0 + 1, 9)).to.equal(1);
      expect((await all()).map(({ name: server }) => server)).to.deep.equal(['d']);
    });

    it('keeps one whole inventory of several that come at once', async function () {
      this.timeout(60_000);
      const inventory = (number: number) => ['x', 'y', 'z'].map((name) => aServer(`${name}-${number}`));
      await Promise.all(
        Array.from({ length: 20 }, (_, number) => inventories.replace(route, inventory(number), T0 + number)),
      );
      const names = (await byName()).map(({ name: server }) => server);
      expect(names).to.have.length(3);
      expect(new Set(names.map((server) => server.slice(2))).size).to.equal(1);
    });
  });
}
