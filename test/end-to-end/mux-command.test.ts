import { expect } from 'chai';
import { ApiClient } from '../support/api-client.ts';
import { eventually } from '../support/eventually.ts';
import { type CommandOutcome, holdfast } from '../support/holdfast-command.ts';
import { RunningServer } from '../support/running-server.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';
import { TerminalSession } from '../support/terminal-session.ts';

const ECHO = '--websocket-multiplexing-echo';
/** A session's line where stdout is no terminal: the second, its name, its state, and what it does a second. */
const LINE = /^ +(\d+) (\S+) +(open|coming-back|asleep|over) +([\d.]+)\/s /;
const FEW = [
  ...['--websocket-multiplexing-open-burst', '2'],
  ...['--websocket-multiplexing-opens-per-principal', '1/min'],
];
/** What empties the terminal from the table's begin on. */
const ANEW = 'F\u001b[J';

interface Spread {
  readonly p50Ms: number;
  readonly p99Ms: number;
}
const documentsIn = (stdout: string) =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('holdfast mux', function () {
  this.timeout(120_000);
  let server: RunningServer;
  /** One that lets nobody open more than a few sessions a minute. */
  let slow: RunningServer;
  /** Both try for as long as they have patience, beside the tests that do not wait for them. */
  let nobody: Promise<CommandOutcome>;
  let late: Promise<CommandOutcome>;
  before(async () => {
    [server, slow] = await Promise.all([
      RunningServer.start(['--demo', ECHO, '--model-pace', '200']),
      RunningServer.start(['--demo', ECHO, ...FEW]),
    ]);
    const password = { HOLDFAST_PASSWORD: 'User1@123' };
    nobody = holdfast(['mux', '--url', 'http://127.0.0.1:9', '--user', 'user1'], password);
    late = holdfast(['mux', '--url', slow.urls.chat, '--sessions', '5']);
  });
  after(async () => {
    await Promise.all([nobody, late]);
    await server.dispose();
    await slow.dispose();
  });
  const mux = (...args: string[]) => holdfast(['mux', '--url', server.urls.chat, ...args]);

  it('shows each session in a line a second where stdout is no terminal, and what it came to', async () => {
    const { code, stdout, stderr } = await mux('--sessions', '3', '--seconds', '3');
    expect(code, stderr).to.equal(0);
    const shown = stdout
      .split('\n')
      .map((line) => LINE.exec(line))
      .filter((match) => match !== null);
    expect(shown.map(([, second, session]) => `${second}.${session}`)).to.deep.equal(
      ['1', '2', '3'].flatMap((second) => ['1', '2', '3'].map((session) => `${second}.${session}`)),
    );
    for (const [, , , , rate] of shown) expect(Number(rate)).to.be.within(5, 15);
    expect(stdout).to.match(/\n3 sessions on 1 connection, 3 s: \d+ messages sent, \d+ received/);
    expect(stdout).not.to.contain('\u001b');
  });

  it('answers with JSON, a document a second and the summary', async () => {
    const { code, stdout, stderr } = await mux('--sessions', '30', '--seconds', '2', '--rate', '2', '--json');
    expect(code, stderr).to.equal(0);
    const documents = documentsIn(stdout);
    expect(documents.map(({ second }) => second)).to.deep.equal([1, 2, undefined]);
    expect(documents[0].sessions).to.have.length(30);
    expect(documents[0].sessions[0]).to.include({ state: 'open', queueOut: 0, refused: 0, resumes: 0 });
    expect(documents[0].sessions[0].windowIn).to.be.within(65_536, 262_144);
    const { summary } = documents[2];
    expect(summary).to.include({ sessions: 30, connections: 2, refused: 0, repeated: 0 });
    expect(summary.received).to.be.greaterThan(60);
  });

  it('shows that a session which floods hurts itself alone', async () => {
    const { code, stdout, stderr } = await mux('--sessions', '5', '--seconds', '4', '--flood', '--json');
    expect(code, stderr).to.equal(0);
    const { summary } = documentsIn(stdout).at(-1);
    expect(summary).to.deep.include({ connections: 1, refused: 0, resumes: 0, ended: {} });
    const { flood } = summary;
    expect(flood).to.include({ quietRefused: 0, quietClosed: 0 });
    expect(flood.refused).to.be.greaterThan(20);
    expect(flood.closed).to.be.greaterThan(0);
    for (const { p50Ms, p99Ms } of [flood.before, flood.during] as Spread[]) {
      expect(p50Ms).to.be.greaterThan(0).and.to.be.at.most(p99Ms);
    }
  });

  it('tells of a flood in sentences', async () => {
    const { stdout } = await mux('--sessions', '2', '--seconds', '4', '--flood');
    expect(stdout).to.match(/\n +\d+ flood +\S+ +[\d.]+\/s /);
    expect(stdout).to.match(/Quiet sessions before the flood: p50 .* ms, p99 .* ms; during it: p50 .* ms/);
    expect(stdout).to.match(
      /The flooding session: \d+ messages sent, [1-9]\d* refused, closed [1-9]\d* times/,
    );
  });

  it('draws one table anew on a terminal, and ends with a summary when it is interrupted', async () => {
    const terminal = TerminalSession.onTerminal(['mux', '--url', server.urls.chat, '--seconds', '60']);
    try {
      await terminal.until(({ stdout }) => stdout.split(ANEW).length > 3);
      expect(terminal.stdout).to.match(/session +state +rate +p50 +p99 +queue out/);
      terminal.type('\x03');
      expect(await terminal.end()).to.equal(130);
      expect(terminal.stdout).to.match(/10 sessions on 1 connection, \d+ s: \d+ messages sent/);
    } finally {
      terminal.kill();
    }
  });

  it('comes back from cuts in the middle, and says how often', async () => {
    const proxy = new TcpProxy(server.urls.chat);
    const url = await proxy.listen();
    const running = TerminalSession.piped([
      'mux',
      '--url',
      url,
      '--sessions',
      '4',
      '--seconds',
      '6',
      '--json',
    ]);
    try {
      await running.until(({ stdout }) => stdout.includes('"second":2'));
      proxy.cut();
      expect(await running.end(), running.stderr).to.equal(0);
      const { summary } = documentsIn(running.stdout).at(-1);
      expect(summary).to.deep.include({ resumes: 4, refused: 0, ended: {} });
    } finally {
      running.kill();
      await proxy.close();
    }
  });

  it('asks in chats, whose events come as they come, and leaves none behind', async () => {
    const user = await ApiClient.login(server.urls, 'user1', 'User1@123');
    const before = (await user.get('chat', '/api/chat/sessions')).body;
    const { code, stdout, stderr } = await mux(
      '--kind',
      'chat',
      '--sessions',
      '2',
      '--seconds',
      '3',
      '--json',
    );
    expect(code, stderr).to.equal(0);
    expect(documentsIn(stdout).at(-1).summary.received).to.be.greaterThan(50);
    expect((await user.get('chat', '/api/chat/sessions')).body).to.deep.equal(before);
  });

  it('is refused in a sentence where it is called wrongly, where nobody answers, and with a key for something else', async () => {
    const wrong = await mux('--sessions', '0');
    expect([wrong.code, wrong.stderr]).to.satisfy(
      ([code, text]: [number, string]) => code === 2 && text.includes('from 1 to 400'),
    );
    expect((await nobody).code).to.equal(3);
    const user = await ApiClient.login(server.urls, 'user1', 'User1@123');
    const draft = { name: 'narrow', scopes: ['chat'], password: 'User1@123' };
    const { key } = (await user.post('auth', '/api/keys', draft)).body;
    const narrow = await holdfast(['mux', '--url', server.urls.chat], { HOLDFAST_API_KEY: key });
    expect(narrow.code).to.equal(3);
    expect(narrow.stderr).to.contain('scope mux');
  });

  it('says that the server puts it off, and leaves at once when it is interrupted while it opens', async () => {
    const { code, stdout, stderr } = await late;
    expect([code, stdout]).to.deep.equal([1, '']);
    expect(stderr).to.contain('rate.limited');
    const user = await ApiClient.login(slow.urls, 'admin', 'admin@admin');
    const running = TerminalSession.onTerminal(['mux', '--url', slow.urls.chat, '--sessions', '5']);
    await eventually(async () => {
      const { connections } = (await user.get('chat', '/api/ops/connections')).body;
      expect(connections).to.have.length(1);
    });
    const begun = performance.now();
    running.type('\x03');
    expect(await running.end()).to.equal(130);
    expect(performance.now() - begun).to.be.below(5_000);
  });

  it('takes chats where the server has no echo, and says so; asked for echo, it says how to switch it on', async () => {
    const bare = await RunningServer.start(['--demo', '--model-pace', '200']);
    try {
      const run = (...args: string[]) =>
        holdfast(['mux', '--url', bare.urls.chat, '--seconds', '2', ...args]);
      const fallen = await run('--json');
      expect(fallen.code, fallen.stderr).to.equal(0);
      expect(fallen.stderr).to.contain('no echo sessions').and.to.contain(ECHO);
      expect(documentsIn(fallen.stdout).at(-1).summary.sessions).to.equal(5);
      const asked = await run('--kind', 'echo');
      expect([asked.code, asked.stdout]).to.deep.equal([1, '']);
      expect(asked.stderr).to.contain(ECHO);
    } finally {
      await bare.dispose();
    }
  });
});
