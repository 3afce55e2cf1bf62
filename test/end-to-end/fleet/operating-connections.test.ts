import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { ApiClient } from '../../support/api-client.ts';
import { eventually } from '../../support/eventually.ts';
import { sharedKeys } from '../../support/fleet-settings.ts';
import { type TemporaryMongo, temporaryMongo } from '../../support/mongodb.ts';
import { MuxClient } from '../../support/mux-client.ts';
import { redisUrl } from '../../support/redis.ts';
import { RunningServer, temporaryFolder } from '../../support/running-server.ts';

interface Sight {
  readonly id: string;
  readonly node: string;
  readonly principal: string;
  readonly sessions: ReadonlyArray<{
    readonly sessionId: string;
    readonly kind: string;
    readonly perSecond: { readonly messagesIn: number };
  }>;
}
interface Page {
  readonly connections: readonly Sight[];
  readonly next?: string;
  readonly missing: readonly string[];
}

const FLAGS = ['--websocket-multiplexing-echo'];

for (const hasRedis of [true, false]) {
  describe(`an operator of two nodes with ${hasRedis ? 'Redis' : 'MongoDB alone'}`, function () {
    this.timeout(120_000);
    const folder = temporaryFolder();
    let mongo: TemporaryMongo;
    const nodes: RunningServer[] = [];
    const clients: MuxClient[] = [];
    let user: ApiClient;
    let admin: ApiClient;

    before(async () => {
      mongo = await temporaryMongo();
      const redis = hasRedis ? { REDIS_URL: await redisUrl() } : {};
      const env = { ...sharedKeys(folder), MONGODB_URL: mongo.url, ...redis };
      nodes.push(await RunningServer.start(['--demo', ...FLAGS], join(folder, 'here'), env));
      nodes.push(await RunningServer.start(FLAGS, join(folder, 'there'), env));
      const [{ urls }] = nodes as [RunningServer];
      user = await ApiClient.login(urls, 'user1', 'User1@123');
      admin = await ApiClient.login(urls, 'admin', 'admin@admin');
    });
    afterEach(async () => {
      for (const client of clients.splice(0)) {
        client.socket.terminate();
        await client.closed;
      }
    });
    after(async () => {
      for (const node of nodes) await node.dispose();
      await mongo.remove();
      rmSync(folder, { recursive: true, force: true });
    });

    const connect = async (place: number, who = user): Promise<MuxClient> => {
      const client = await MuxClient.connect((nodes[place] as RunningServer).urls.chat, who.token ?? '');
      clients.push(client);
      return client;
    };
    const page = async (query = ''): Promise<Page> =>
      (await admin.get('chat', `/api/ops/connections${query}`)).body as Page;
    const acts = async (): Promise<string[]> => {
      const { records } = (await admin.get('chat', '/api/audit?limit=100')).body as {
        records: ReadonlyArray<{ act: string }>;
      };
      return records.map(({ act }) => act).filter((act) => act.endsWith('_kicked'));
    };

    it('sees an alert that the other node has come to', async () => {
      const officer = await ApiClient.login((nodes[1] as RunningServer).urls, 'supervisor1', 'Supervisor1@');
      const { sessionId, resumeToken } = await (await connect(0)).open('echo');
      const thief = await connect(1, officer);
      await thief.ask('echo', { resume: { sessionId, token: resumeToken, offset: 0 } });
      await eventually(async () => {
        const { alerts } = (await admin.get('chat', '/api/ops/alerts')).body as {
          alerts: ReadonlyArray<{ kind: string }>;
        };
        expect(alerts.map(({ kind }) => kind)).to.deep.equal(['takeover.refused']);
      });
    });

    if (hasRedis) {
      it('sees the connections of both nodes in pages, with what goes over their sessions', async () => {
        const [here, there] = [await connect(0), await connect(1)];
        const { sessionId } = await here.open('echo');
        const far = await there.open('echo');
        const talking = setInterval(() => there.send(far.handle, 'DATA', Buffer.from('x')), 50);
        try {
          await eventually(async () => {
            const { connections, missing } = await page();
            expect(missing).to.deep.equal([]);
            expect(new Set(connections.map(({ node }) => node)).size).to.equal(2);
            const sessions = connections.flatMap((connection) => connection.sessions);
            expect(sessions.map((session) => session.sessionId)).to.have.members([sessionId, far.sessionId]);
            const talked = sessions.find((session) => session.sessionId === far.sessionId);
            expect(talked?.perSecond.messagesIn).to.be.within(4, 40);
          });
          const first = await page('?limit=1');
          const second = await page(`?limit=1&after=${first.next}`);
          expect([first.connections.length, second.connections.length, second.next]).to.deep.equal([
            1,
            1,
            undefined,
          ]);
          expect(first.connections[0]?.id).to.not.equal(second.connections[0]?.id);
          expect((await page('?principal=user:nobody')).connections).to.deep.equal([]);
        } finally {
          clearInterval(talking);
        }
      });

      it('ends a connection of the other node, for good', async () => {
        const there = await connect(1);
        const { sessionId, resumeToken } = await there.open('echo');
        const [sight] = (await page()).connections;
        const answer = await admin.send('chat', 'DELETE', `/api/ops/connections/${sight?.id}`, undefined);
        expect(answer.status).to.equal(200);
        expect(await there.closed).to.equal(4502);
        const again = await (await connect(0)).ask('echo', {
          resume: { sessionId, token: resumeToken, offset: 0 },
        });
        expect(again.json.code).to.equal('session.owned_by_other');
        expect(await acts()).to.include('mux.connection_kicked');
        const gone = await admin.send('chat', 'DELETE', `/api/ops/connections/${sight?.id}`, undefined);
        expect([gone.status, gone.body.code]).to.deep.equal([404, 'connection.not_found']);
      });
    } else {
      it('is told which node he does not see, and that its connections cannot be ended now', async () => {
        const here = await connect(0);
        await connect(1);
        await here.open('echo');
        const { connections, missing } = await page();
        expect([connections.length, missing.length]).to.deep.equal([1, 1]);
        const nowhere = '00000000-0000-4000-8000-000000000000';
        expect(
          (await admin.send('chat', 'DELETE', `/api/ops/connections/${nowhere}`, undefined)).status,
        ).to.equal(503);
      });
    }

    it('ends one session of the other node, and its siblings go on', async () => {
      const there = await connect(1);
      const [ended, sibling] = [await there.open('echo'), await there.open('echo')];
      const stored = await mongo.client
        .db()
        .collection<{ _id: string; holders: ReadonlyArray<{ connection: string }> }>('subscribers')
        .findOne({ _id: `mux:${ended.sessionId}` });
      const path = `/api/ops/connections/${stored?.holders[0]?.connection}/sessions/${ended.sessionId}`;
      expect((await admin.send('chat', 'DELETE', path, undefined)).status).to.equal(200);
      expect((await there.on(ended.handle, 'CLOSE')).json.code).to.equal(4502);
      there.send(sibling.handle, 'DATA', Buffer.from('x'));
      expect((await there.on(sibling.handle, 'DATA')).bytes.toString()).to.equal('x');
      const resume = { sessionId: ended.sessionId, token: ended.resumeToken, offset: 0 };
      expect((await there.ask('echo', { resume })).json.code).to.equal('session.owned_by_other');
      expect((await admin.send('chat', 'DELETE', path, undefined)).status).to.equal(404);
      expect((await user.send('chat', 'DELETE', path, undefined)).status).to.equal(403);
      await eventually(async () => expect(await acts()).to.include('mux.session_kicked'));
    });
  });
}
