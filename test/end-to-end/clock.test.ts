import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect } from 'chai';
import { eventually } from '../support/eventually.ts';
import { RunningServer, temporaryFolder } from '../support/running-server.ts';

/** How far a store is brought ahead of the system's clock, in milliseconds. */
const AHEAD_MS = 3_600_000;
/** What starting and asking may take on a busy machine, in milliseconds. */
const SLACK_MS = 120_000;

describe("the server's clock", () => {
  const data = temporaryFolder();
  let server: RunningServer | undefined;
  const start = async (): Promise<RunningServer> => {
    server = await RunningServer.start(['--demo'], data);
    return server;
  };
  after(async () => {
    await server?.dispose();
  });

  const timeOf = async ({ urls }: RunningServer): Promise<number> => {
    const { timestamp } = (await (await fetch(`${urls.chat}/health`)).json()) as { timestamp: string };
    return Date.parse(timestamp);
  };
  const markOf = (): number => {
    const db = new DatabaseSync(join(data, 'holdfast.db'), { readOnly: true });
    const { at_ms } = db.prepare('SELECT at_ms FROM clock_mark').get() as { at_ms: number };
    db.close();
    return at_ms;
  };

  it('goes on from the latest time that its store has seen, also after a kill', async () => {
    await (await start()).end();
    const mark = Date.now() + AHEAD_MS;
    const db = new DatabaseSync(join(data, 'holdfast.db'));
    db.prepare('UPDATE clock_mark SET at_ms = ?').run(mark);
    db.close();

    const second = await start();
    const later = await timeOf(second);
    expect(later).to.be.within(mark, mark + SLACK_MS);
    await eventually(async () => expect(second.output).to.contain('the store has seen a later time'));
    const login = await fetch(`${second.urls.auth}/api/auth/login`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ username: 'user1', password: 'User1@123' }),
    });
    expect(login.status).to.equal(200);
    await second.end('SIGKILL');
    const written = markOf();
    expect(written).to.be.at.least(later);

    expect(await timeOf(await start())).to.be.at.least(written);
  });
});
