import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, createServer, request, type Server } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { expect } from 'chai';
import { certificate, privateCa, writePair } from '../support/certificates.ts';
import { eventually } from '../support/eventually.ts';
import { holdfast } from '../support/holdfast-command.ts';
import { RunningServer, temporaryFolder } from '../support/running-server.ts';

interface Answer {
  readonly status: number | undefined;
  readonly hsts: string | undefined;
  /** SHA-256 of the certificate that the connection was made with. */
  readonly fingerprint: string;
  readonly reused: boolean;
}

describe('TLS from files', function () {
  this.timeout(120_000);
  let folder: string;
  let authority: Awaited<ReturnType<typeof privateCa>>;
  let caFile: string;
  let files: { readonly cert: string; readonly key: string };
  let server: RunningServer;

  before(async () => {
    folder = temporaryFolder();
    authority = await privateCa();
    caFile = join(folder, 'ca.pem');
    writeFileSync(caFile, authority.ca.cert);
    files = writePair(folder, await authority.sign());
    const tls = ['--tls-cert', files.cert, '--tls-key', files.key];
    server = await RunningServer.start(['--demo', '--model-pace', '0', ...tls]);
  });
  after(async () => {
    await server.dispose();
    rmSync(folder, { recursive: true, force: true });
  });

  const get = (url: string, agent?: Agent): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const options = { ca: authority.ca.cert, agent: agent ?? false };
      const sent = request(url, options, (answer) => {
        const { fingerprint256 } = (answer.socket as TLSSocket).getPeerCertificate();
        const hsts = answer.headers['strict-transport-security'];
        answer.resume().once('end', () => {
          const { statusCode: status } = answer;
          resolve({ status, hsts, fingerprint: fingerprint256, reused: sent.reusedSocket });
        });
      });
      sent.once('error', reject).end();
    });

  it('is spoken on every port, and said wherever an address is said', async () => {
    expect(Object.keys(server.urls)).to.include.members(['auth', 'accounting', 'chat']);
    for (const service of ['auth', 'accounting', 'chat'] as const) {
      expect(server.urls[service]).to.match(/^https:\/\/127\.0\.0\.1:\d+$/);
      const { status, hsts } = await get(`${server.urls[service]}/api/health`);
      expect([status, hsts]).to.deep.equal([200, 'max-age=31536000; includeSubDomains']);
    }
    await eventually(async () =>
      expect(server.output).to.contain(`npx holdfast chat --url ${server.urls.chat}\n`),
    );
  });

  it('answers plain HTTP with a 400 in place of a silence', async () => {
    const socket = connect(Number(new URL(server.urls.chat).port), '127.0.0.1');
    socket.write('GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
    let text = '';
    for await (const chunk of socket) text += String(chunk);
    expect(text)
      .to.match(/^HTTP\/1\.1 400 /)
      .and.contain('This port speaks https only');
  });

  it('is renewed at SIGHUP for new connections; a pair that cannot be used is told and not taken', async () => {
    const first = await get(`${server.urls.chat}/health`);
    const kept = new Agent({ keepAlive: true, maxSockets: 1, ca: authority.ca.cert });
    await get(`${server.urls.chat}/health`, kept);

    const renewed = await authority.sign();
    writeFileSync(files.cert, renewed.cert);
    server.signal('SIGHUP');
    await eventually(async () =>
      expect(server.output).to.contain(`${files.key} is not the key of the certificate in ${files.cert}`),
    );
    expect((await get(`${server.urls.chat}/health`)).fingerprint).to.equal(first.fingerprint);

    writeFileSync(files.key, renewed.key);
    server.signal('SIGHUP');
    await eventually(async () => expect(server.output).to.contain('the TLS certificate was read anew'));
    for (const service of ['auth', 'accounting', 'chat'] as const) {
      const { status, fingerprint } = await get(`${server.urls[service]}/health`);
      expect(status).to.equal(200);
      expect(fingerprint).to.not.equal(first.fingerprint);
    }
    const old = await get(`${server.urls.chat}/health`, kept);
    expect(old).to.include({ status: 200, reused: true, fingerprint: first.fingerprint });
    kept.destroy();
  });

  it('is checked by the commands: refused without the private CA, accepted with it', async () => {
    const ask = ['chat', 'What is a hold?', '--url', server.urls.chat];
    const distrusted = await holdfast(ask);
    expect([distrusted.code, distrusted.stdout]).to.deep.equal([3, '']);
    expect(distrusted.stderr).to.contain('nobody known here vouches for').and.contain('--ca-file FILE');
    const trusted = await holdfast([...ask, '--ca-file', caFile]);
    expect(trusted.code, trusted.stderr).to.equal(0);
    expect(trusted.stdout).to.not.equal('');
    const byVariable = await holdfast(ask, { HOLDFAST_TLS_CA_FILE: caFile });
    expect(byVariable.code, byVariable.stderr).to.equal(0);
  });

  it('is checked by sessions over WebSockets too', async () => {
    const mux = ['mux', '--kind', 'chat', '--sessions', '1', '--seconds', '1', '--url', server.urls.chat];
    expect((await holdfast(mux)).code).to.equal(3);
    const trusted = await holdfast([...mux, '--ca-file', caFile, '--json']);
    expect(trusted.code, trusted.stderr).to.equal(0);
    expect(trusted.stdout).to.contain('"summary":{"sessions":1');
  });

  it('cannot be talked into taking any certificate by a command that is told to', async () => {
    const told = await holdfast(['chat', 'Hello?', '--url', server.urls.chat], {
      NODE_TLS_REJECT_UNAUTHORIZED: '0',
    });
    expect(told.code).to.equal(2);
    expect(told.stderr).to.contain('NODE_TLS_REJECT_UNAUTHORIZED=0 makes every certificate count');
  });

  for (const [what, made, sentence] of [
    ['whose time is over', { days: [-3, -1] }, 'shows a certificate whose time is over'],
    ['for another name', { addresses: [] }, 'shows a certificate for another name'],
  ] as const) {
    it(`does not hold with a certificate ${what}, whoever vouches for it`, async () => {
      const pair = await certificate({ ca: authority.ca, ...made });
      const stranger = createServer(pair, (_, answer) => void answer.end('{}'));
      await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve));
      const url = `https://127.0.0.1:${(stranger.address() as AddressInfo).port}`;
      const { code, stderr } = await holdfast(['chat', 'Hello?', '--url', url, '--ca-file', caFile]);
      stranger.close();
      expect(code).to.equal(3);
      expect(stderr).to.contain(sentence);
    });
  }

  describe('of a model server', () => {
    let upstream: Server;
    let url: string;
    before(async () => {
      upstream = createServer(await authority.sign(), (_, answer) => {
        const piece = { choices: [{ index: 0, delta: { content: 'By https.' }, finish_reason: null }] };
        const last = { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] };
        answer.writeHead(200, { 'Content-Type': 'text/event-stream' });
        answer.end(`data: ${JSON.stringify(piece)}\n\ndata: ${JSON.stringify(last)}\n\ndata: [DONE]\n\n`);
      });
      await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
      url = `https://127.0.0.1:${(upstream.address() as AddressInfo).port}/v1`;
    });
    after(() => void upstream.close());

    const askWith = async (
      ...flags: string[]
    ): Promise<{ readonly code: number; readonly stdout: string }> => {
      const model = ['--model-url', url, '--model-id', 'talker', '--model-price', '1'];
      const asking = await RunningServer.start(['--demo', ...model, ...flags]);
      const outcome = await holdfast(['chat', 'Say it', '--model', 'talker', '--url', asking.urls.chat]);
      await asking.dispose();
      return outcome;
    };

    it('is checked too: without the private CA the model fails', async () => {
      expect((await askWith()).code).to.equal(1);
    });

    it('is accepted with the file of the private CA', async () => {
      const { code, stdout } = await askWith('--tls-ca-file', caFile);
      expect([code, stdout.trim()]).to.deep.equal([0, 'By https.']);
    });
  });

  describe('between services apart', () => {
    const running: RunningServer[] = [];
    after(() => Promise.all(running.map((service) => service.dispose())));

    it('is checked by each of another, and the whole flow holds over it', async () => {
      const keyFile = join(folder, 'service.key');
      writeFileSync(keyFile, `${'k'.repeat(43)}\n`, { mode: 0o600 });
      const tls = ['--tls-cert', files.cert, '--tls-key', files.key, '--service-key-file', keyFile];
      const start = async (...flags: string[]): Promise<RunningServer> => {
        const started = await RunningServer.start([...tls, ...flags]);
        running.push(started);
        return started;
      };
      const auth = await start('--service', 'auth', '--demo');
      const others = ['--auth-url', auth.urls.auth];
      const trust = ['--tls-ca-file', caFile];
      const accounting = await start('--service', 'accounting', ...others, ...trust);
      const chatFlags = ['--service', 'chat', ...others, '--accounting-url', accounting.urls.accounting];
      const chat = await start(...chatFlags, '--model-pace', '0', ...trust);
      const urls = ['--auth', auth.urls.auth, '--accounting', accounting.urls.accounting];
      const verified = await holdfast(['verify', ...urls, '--chat', chat.urls.chat, '--ca-file', caFile]);
      expect(verified.code, verified.stdout + verified.stderr).to.equal(0);

      const trustless = await start(...chatFlags);
      const token = await tokenOf(auth.urls.auth, readFileSync(caFile, 'utf8'));
      expect(await statusOf(`${trustless.urls.chat}/api/chat/sessions`, token, caFile)).to.equal(503);
    });
  });
});

/** The access token of the demo user. */
function tokenOf(url: string, ca: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { 'Content-Type': 'application/json' };
    const sent = request(`${url}/api/auth/login`, { ca, method: 'POST', headers }, (answer) => {
      let text = '';
      answer.on('data', (chunk) => {
        text += String(chunk);
      });
      answer.once('end', () => resolve((JSON.parse(text) as { accessToken: string }).accessToken));
    });
    sent.once('error', reject).end(JSON.stringify({ username: 'user1', password: 'User1@123' }));
  });
}

function statusOf(url: string, token: string, caFile: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const headers = { Authorization: `Bearer ${token}` };
    const sent = request(url, { ca: readFileSync(caFile), headers }, (answer) => {
      answer.resume().once('end', () => resolve(answer.statusCode));
    });
    sent.once('error', reject).end();
  });
}
