import { expect } from 'chai';
import { type ComposedServer, composedServer } from '../../support/composed-server.ts';
import { eventually } from '../../support/eventually.ts';

interface Told {
  readonly act: string;
  readonly outcome: string;
  readonly actor?: string;
  readonly object?: string;
  readonly facts?: Readonly<Record<string, unknown>>;
}

describe('a request that is refused at the door', () => {
  let server: ComposedServer;
  let userId: string;
  let user: string;

  before(async () => {
    server = await composedServer();
    user = await server.logIn('user1');
    const me = await fetch(`${server.urls.auth}/api/auth/me`, {
      headers: { Authorization: `Bearer ${user}` },
    });
    userId = ((await me.json()) as { id: string }).id;
  });
  after(() => server.close());

  const told = (): Told[] =>
    server.log.lines.flatMap(({ fields }) => (fields.audit === undefined ? [] : [fields.audit as Told]));

  const refused = (): Told[] => told().filter(({ act }) => act === 'request.refused');

  async function refusalOf(object: string, code: string): Promise<Told> {
    const isIt = (record: Told): boolean =>
      record.act === 'request.refused' && record.object === object && record.facts?.code === code;
    await eventually(async () => expect(told().some(isIt)).to.equal(true));
    const found = told().filter(isIt);
    expect(found.length).to.equal(1);
    return found[0] as Told;
  }

  it('is recorded once with who asked, for a route that is not open to him', async () => {
    const answer = await fetch(`${server.urls.auth}/api/admin/users`, {
      headers: { Authorization: `Bearer ${user}` },
    });
    expect(answer.status).to.equal(403);
    const record = await refusalOf('GET /api/admin/users', 'permission.denied');
    expect(record).to.include({ outcome: 'refused', actor: userId });
  });

  it("is recorded with the caller's network, for another site's page that logs a browser in", async () => {
    const answer = await fetch(`${server.urls.chat}/api/auth/session`, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        Origin: 'https://evil.example',
        'Sec-Fetch-Site': 'cross-site',
      },
      body: JSON.stringify({ username: 'user1', password: 'User1@123' }),
    });
    expect(answer.status).to.equal(403);
    const record = await refusalOf('POST /api/auth/session', 'request.cross_site');
    expect(record.actor).to.equal('address:127.0.0.1');
  });

  it('is not recorded for what a caller merely got wrong', async () => {
    const before = refused().length;
    const answer = await fetch(`${server.urls.chat}/api/chat/sessions/none`, {
      headers: { Authorization: `Bearer ${user}` },
    });
    expect(answer.status).to.equal(404);
    await fetch(`${server.urls.auth}/api/admin/users`, { headers: { Authorization: `Bearer ${user}` } });
    await eventually(async () => expect(refused().length).to.be.greaterThan(before));
    expect(refused().length).to.equal(before + 1);
  });
});
