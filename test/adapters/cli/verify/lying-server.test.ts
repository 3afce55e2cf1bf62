import { expect } from 'chai';
import { PROMISE_NAMES } from '../../../../src/adapters/inbound/cli/verify/promise-name.ts';
import { runVerify } from '../../../../src/adapters/inbound/cli/verify/run-verify.ts';
import { FakeCommandIo } from '../../../support/fake-command-io.ts';
import { LIES, type Lie } from '../../../support/lying-server/lies.ts';
import { LyingServer } from '../../../support/lying-server/lying-server.ts';

interface Report {
  readonly ok: boolean;
  readonly broken: string | null;
  readonly trouble: string | null;
  readonly left: readonly string[];
  readonly steps: ReadonlyArray<{ readonly name: string; readonly kept: boolean }>;
}

async function verifyAgainst(
  server: LyingServer,
): Promise<{ code: number; report: Report; io: FakeCommandIo }> {
  const io = new FakeCommandIo();
  const url = await server.listen();
  try {
    const code = await runVerify({ url, json: true }, io);
    return { code, report: JSON.parse(io.stdout.text) as Report, io };
  } finally {
    await server.close();
  }
}

describe('verify', () => {
  it('exits 0 against a server that keeps every promise, and has looked at each', async () => {
    const { code, report } = await verifyAgainst(new LyingServer());
    expect(report.steps.filter(({ kept }) => !kept)).to.deep.equal([]);
    expect(report).to.include({ ok: true, broken: null, trouble: null });
    expect([...new Set(report.steps.map(({ name }) => name))]).to.have.members([...PROMISE_NAMES]);
    expect(code).to.equal(0);
  });

  it('leaves the server as it was, but for what was charged', async () => {
    const server = new LyingServer();
    const before = server.state.userNamed('user1')?.available;
    await verifyAgainst(server);
    expect([...server.state.users.values()].map(({ username }) => username)).to.deep.equal([
      'user1',
      'admin',
    ]);
    expect(server.state.chats.size).to.equal(0);
    expect(server.state.userNamed('user1')?.available).to.equal(before);
    expect(server.state.userNamed('user1')?.held).to.equal(0);
  });

  it('is lied to about every promise below', () => {
    expect([...new Set<string>(Object.values(LIES))]).to.have.members([...PROMISE_NAMES]);
  });

  for (const [lie, name] of Object.entries(LIES) as [Lie, string][]) {
    it(`names ${name} when the server ${lie}`, async () => {
      const { code, report } = await verifyAgainst(new LyingServer(lie));
      expect(report.broken).to.equal(name);
      expect(report.ok).to.equal(false);
      expect(code).to.equal(1);
    });
  }
});
