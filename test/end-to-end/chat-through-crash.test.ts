import { expect } from 'chai';
import { ApiClient } from '../support/api-client.ts';
import { FaultyProxy } from '../support/faulty-proxy.ts';
import { holdfast } from '../support/holdfast-command.ts';
import { RunningServer } from '../support/running-server.ts';
import { TerminalSession } from '../support/terminal-session.ts';

/** Tokens a second: slow enough to be cut in the middle, fast enough to wait for. */
const PACE = ['--model-pace', '60'];
/** Characters of an answer that are certainly its middle. */
const SOME_TEXT = 100;

describe('holdfast chat and a server that is killed', () => {
  let server: RunningServer;
  let proxy: FaultyProxy;
  let url: string;
  let session: TerminalSession | undefined;

  beforeEach(async () => {
    server = await RunningServer.start(['--demo', ...PACE]);
    // A proxy that drops headers it does not know: the stream's id comes with the first event alone.
    const strip = { kind: 'rename-header', from: 'x-streaming-session-id', to: '' } as const;
    proxy = new FaultyProxy(server.urls.chat, () => [strip]);
    url = await proxy.listen();
  });
  afterEach(async () => {
    session?.kill();
    await proxy.close();
    await server.dispose();
  });

  /** Kills the server and starts it again on its data and its ports. */
  async function crash(): Promise<void> {
    const { auth, accounting, chat } = server.urls;
    await server.end('SIGKILL');
    const port = (address: string): string => new URL(address).port;
    const ports = [
      '--auth-port',
      port(auth),
      '--accounting-port',
      port(accounting),
      '--chat-port',
      port(chat),
    ];
    server = await RunningServer.start(['--demo', ...PACE, ...ports], server.data);
  }

  /** The messages of the demo user's newest chat. */
  async function storedAnswer(): Promise<{ content: string; metadata: { state: string } }> {
    const user = await ApiClient.login(server.urls, 'user1', 'User1@123');
    const { sessions } = (await user.get('chat', '/api/chat/sessions')).body;
    const { messages } = (await user.get('chat', `/api/chat/sessions/${sessions[0].sessionId}/messages`))
      .body;
    return messages.at(-1);
  }

  async function expectHealthy(): Promise<void> {
    const { code, stdout } = await holdfast(['doctor', '--data', server.data]);
    expect(code, stdout).to.equal(0);
  }

  it('shows the answer to one question exactly as far as it was kept, sends its receipt and says that it broke off', async () => {
    session = TerminalSession.piped(['chat', 'What is Holdfast?', '--url', url]);
    await session.until(({ stdout }) => stdout.length > SOME_TEXT);
    await crash();
    expect(await session.end(), session.stderr).to.equal(1);
    expect(session.stderr).to.contain('The answer broke off').and.contain('receipt exact');
    const { content, metadata } = await storedAnswer();
    expect(session.stdout.replace(/\n$/, '')).to.equal(content.replace(/\n$/, ''));
    expect(metadata.state).to.equal('interrupted');
    expect(proxy.count(/^POST .*\/stream$/), 'the question was asked once').to.equal(1);
    expect(proxy.count(/^POST .*\/update-stream$/)).to.be.greaterThan(0);
    await expectHealthy();
  });

  it('waits for a server that is away when it asks, and is answered once', async () => {
    await server.end('SIGKILL');
    session = TerminalSession.piped(['chat', 'What is a hold?', '--url', url, '--json']);
    await session.until(({ stderr }) => stderr.includes('again in'));
    await crash();
    expect(await session.end(), session.stderr).to.equal(0);
    const answer = JSON.parse(session.stdout);
    expect(answer).to.include({ state: 'done', receipt: 'exact' });
    expect((await storedAnswer()).content).to.equal(answer.text);
    await expectHealthy();
  });

  it('goes on with the talk in a terminal, where Ctrl-C stops an answer and /quit leaves', async () => {
    session = TerminalSession.onTerminal(['chat', '--url', url]);
    await session.until(({ stdout }) => stdout.includes('> '));
    session.type('What is Holdfast?\r');
    await session.until(({ stdout }) => stdout.length > 1_500);
    await crash();
    await session.until(({ stdout }) => stdout.includes('receipt exact'));
    expect(session.stdout).to.contain('The answer broke off');
    const shown = session.stdout.length;
    session.type('What is a reservation?\r');
    await session.until(({ stdout }) => stdout.length > shown + 400);
    session.type('\x03');
    await session.until(({ stdout }) => /stopped · receipt (exact|partial)/.test(stdout));
    session.type('/balance\r');
    await session.until(({ stdout }) => /Balance: [\d.]+ credits/.test(stdout.slice(shown)));
    session.type('/quit\r');
    expect(await session.end(), session.stdout).to.equal(0);
    expect((await storedAnswer()).metadata.state).to.equal('stopped');
    await expectHealthy();
  });
});
