import { expect } from 'chai';
import { ApiClient } from '../support/api-client.ts';
import { deltaEvent, FakeUpstream, stallingAfter } from '../support/fake-upstream.ts';
import { dechunk, RawConnection, requestText } from '../support/raw-http.ts';
import { RunningServer } from '../support/running-server.ts';
import { createUpstreamChat, serveUpstream, type UpstreamServer } from '../support/upstream-server.ts';

const END_OF_STREAM = /event: done\ndata: [^\n]*\n\n/;

describe('streams on the bare socket', function () {
  this.timeout(60_000);
  let server: RunningServer;
  let user: ApiClient;
  let chat: string;
  let stream: string;

  before(async () => {
    server = await RunningServer.start(['--demo', '--model-pace', '1000']);
    user = await ApiClient.login(server.urls, 'user1', 'User1@123');
  });
  after(() => server.dispose());
  beforeEach(async () => {
    chat = await user.createChat();
    stream = `/api/chat/sessions/${chat}/stream`;
  });

  const open = (): Promise<RawConnection> => RawConnection.open(server.urls.chat);
  const start = () => ({ method: 'POST', path: stream, token: user.token, body: { message: 'What is it?' } });
  const ids = (text: string): number[] => [...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));

  it('carry their headers as they are written in the specification, on the start and on the resume', async () => {
    const connection = await open();
    connection.send(start());
    const [head] = await connection.until(/^[\s\S]*?\r\n\r\n/);
    connection.close();
    const resumed = await open();
    resumed.send({ method: 'GET', path: stream, token: user.token });
    const [again] = await resumed.until(/^[\s\S]*?\r\n\r\n/);
    resumed.close();
    for (const headers of [head, again]) {
      expect(headers).to.match(/^HTTP\/1\.1 200 OK\r\n/);
      expect(headers).to.contain('\r\nContent-Type: text/event-stream; charset=utf-8\r\n');
      expect(headers).to.contain('\r\nCache-Control: no-store\r\n');
      expect(headers).to.contain('\r\nX-Accel-Buffering: no\r\n');
      expect(headers).to.match(/\r\nX-Streaming-Session-Id: stream-[1-9]\d+-[0-9a-f-]{36}\r\n/);
      expect(headers).to.match(/\r\nAccess-Control-Expose-Headers: [^\r]*\bX-Streaming-Session-Id\b/);
      expect(headers).to.match(/\r\nX-Request-Id: \S+\r\n/);
      expect(headers).not.to.match(/content-encoding|content-length/i);
    }
    const idOf = (headers: string) => /X-Streaming-Session-Id: (\S+)/.exec(headers)?.[1];
    expect(idOf(again)).to.equal(idOf(head));
  });

  it('begin with the pause before a return and the session, and end the response after the one end', async () => {
    const connection = await open();
    connection.send({ ...start(), headers: { Connection: 'close' } });
    const [head, ...rest] = (await connection.untilEnd()).split('\r\n\r\n');
    const { text, complete } = dechunk(rest.join('\r\n\r\n'));
    expect(head).to.match(/\r\nTransfer-Encoding: chunked/i);
    expect(complete).to.equal(true);
    expect(text).to.match(/^retry: 2000\n\nid: 1\nevent: session\ndata: \{/);
    expect(text).to.match(/event: done\ndata: [^\n]*\n\n$/);
    expect(ids(text)).to.deep.equal(ids(text).map((_, index) => index + 1));
    const types = [...text.matchAll(/^event: (.*)$/gm)].map(([, type]) => type);
    expect(types.filter((type) => type !== 'chunk')).to.deep.equal(['session', 'done']);
  });

  it('reach a client of HTTP/1.0, without chunks, to the end of the connection', async () => {
    const connection = await open();
    connection.send({ ...start(), version: '1.0' });
    const [head = '', ...rest] = (await connection.untilEnd()).split('\r\n\r\n');
    expect(head).to.match(/^HTTP\/1\.1 200 OK\r\n/);
    expect(head).not.to.match(/transfer-encoding/i);
    expect(rest.join('\r\n\r\n')).to.match(/^retry: 2000\n\nid: 1\n[\s\S]*event: done\ndata: [^\n]*\n\n$/);
  });

  it('are followed on the same connection by the answers to what was sent meanwhile', async () => {
    const connection = await open();
    connection.send(requestText(start()) + requestText({ method: 'GET', path: '/health' }));
    await connection.until(/"status":"ok"/);
    const [head = '', ...rest] = connection.received.split('\r\n\r\n');
    expect(head).to.match(/^HTTP\/1\.1 200 OK\r\n/);
    const body = rest.join('\r\n\r\n');
    const next = body.indexOf('HTTP/1.1 200 OK\r\n');
    const { text, complete } = dechunk(body.slice(0, next));
    expect(complete, 'the stream is whole before the next answer begins').to.equal(true);
    expect(text).to.match(END_OF_STREAM);
    connection.close();
  });

  it('wait for their turn behind an earlier answer of the same connection', async () => {
    const connection = await open();
    connection.send(requestText({ method: 'GET', path: '/health' }) + requestText(start()));
    await connection.until(END_OF_STREAM);
    const [first = '', second = ''] = connection.received.split(/(?<=\})(?=HTTP\/1\.1)/);
    expect(first).to.match(/"status":"ok"/);
    const { text } = dechunk(second.slice(second.indexOf('\r\n\r\n') + 4));
    expect(text)
      .to.match(/^retry: 2000\n\nid: 1\n/)
      .and.to.match(END_OF_STREAM);
    connection.close();
  });

  it('let two of them follow each other on one connection', async () => {
    const connection = await open();
    connection.send(start());
    await connection.until(/event: done[\s\S]*\r\n0\r\n\r\n/);
    const length = connection.received.length;
    connection.send(start());
    await connection.until(/event: done[\s\S]*\r\n0\r\n\r\n[\s\S]+event: done[\s\S]*\r\n0\r\n\r\n/);
    const second = connection.received.slice(length);
    const { text, complete } = dechunk(second.slice(second.indexOf('\r\n\r\n') + 4));
    expect(complete).to.equal(true);
    const first = ids(text)[0] ?? 0;
    expect(first, 'offsets go on in the chat').to.be.greaterThan(1);
    expect(ids(text)).to.deep.equal(ids(text).map((_, index) => first + index));
    connection.close();
  });

  it('take a body in chunks, and a client that has said all it wants to say', async () => {
    const connection = await open();
    const head = requestText({
      method: 'POST',
      path: stream,
      token: user.token,
      headers: { 'Content-Type': 'application/json', 'Transfer-Encoding': 'chunked' },
    });
    connection.send(`${head}b\r\n{"message":\r\n`);
    connection.send('6\r\n"Who?"\r\n1\r\n}\r\n0\r\n\r\n');
    await connection.until(END_OF_STREAM);
    connection.socket.end();
    expect(await connection.untilEnd()).to.match(END_OF_STREAM);
  });

  it('go on when their client half-closes, and can be read on from where he was', async () => {
    const connection = await open();
    connection.send(start());
    await connection.until(/id: 3\n/);
    connection.socket.end();
    await connection.untilEnd();
    connection.close();
    const seen = ids(connection.received).at(-1) ?? 0;
    const reader = await user.resume(chat, seen);
    expect((await reader.toEnd())?.type).to.equal('done');
    expect(reader.events[0]?.id).to.equal(seen + 1);
  });

  it('have no HEAD, which changes nothing', async () => {
    const reader = await user.start(chat);
    await reader.toEnd();
    for (const path of [stream, `/api/chat/sessions/${chat}/observe`]) {
      const connection = await open();
      connection.send({ method: 'HEAD', path, token: user.token, headers: { Connection: 'close' } });
      expect(await connection.untilEnd()).to.match(
        /^HTTP\/1\.1 405 [\s\S]*\r\nAllow: GET\r\n[\s\S]*\r\n\r\n$/,
      );
    }
    expect((await user.update(chat, reader.streamId, reader.text)).body.receipt).to.equal('exact');
  });
});

describe('a stream that has nothing to say', function () {
  this.timeout(60_000);
  let upstream: FakeUpstream;
  let serving: UpstreamServer;
  before(async () => {
    upstream = await FakeUpstream.start(stallingAfter(deltaEvent({ content: 'Well' })));
    serving = await serveUpstream(upstream);
  });
  after(async () => {
    await serving.server.dispose();
    await upstream.stop();
  });

  it('breaks its silence at least every 5 s', async () => {
    const { server, user } = serving;
    const chat = await createUpstreamChat(user);
    const connection = await RawConnection.open(server.urls.chat);
    const path = `/api/chat/sessions/${chat}/stream`;
    connection.send({ method: 'POST', path, token: user.token, body: { message: 'Why?' } });
    await connection.until(/event: chunk/);
    let since = performance.now();
    for (const pattern of [/(: keepalive\n\n[\s\S]*){1}/, /(: keepalive\n\n[\s\S]*){2}/]) {
      await connection.until(pattern);
      expect(performance.now() - since).to.be.lessThan(5_200);
      since = performance.now();
    }
    connection.close();
  });
});
