import { once } from 'node:events';
import type { Server } from 'node:https';
import {
  type AddressInfo,
  connect as connectPlain,
  createServer as createRelay,
  type Socket,
} from 'node:net';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { expect } from 'chai';
import { createHttpsServer, secureContextOf } from '../../../src/adapters/inbound/http/https-server.ts';
import { certificate, type Pair } from '../../support/certificates.ts';

describe('the https server', () => {
  let server: Server;
  let port: number;
  let pair: Pair;

  before(async () => {
    pair = await certificate();
    server = createHttpsServer(
      (_, answer) => void answer.end('hello'),
      () => 'early',
      pair,
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    port = (server.address() as AddressInfo).port;
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  const handshake = async (options: ConnectionOptions = {}): Promise<TLSSocket> => {
    const socket = connect({ port, host: '127.0.0.1', ca: pair.cert, ...options });
    await once(socket, 'secureConnect');
    return socket;
  };
  const everything = async (socket: Socket): Promise<string> => {
    let text = '';
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    socket.on('error', () => socket.destroy());
    await once(socket, 'close');
    return text;
  };
  const ask = async (socket: Socket): Promise<string> => {
    socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    return everything(socket);
  };

  it('answers over TLS 1.3, and over 1.2 by a forward-secret suite', async () => {
    const newest = await handshake();
    expect(newest.getProtocol()).to.equal('TLSv1.3');
    expect(await ask(newest)).to.match(/^HTTP\/1.1 200 OK[\s\S]*hello/);
    const older = await handshake({ maxVersion: 'TLSv1.2' });
    expect(older.getCipher().name).to.match(/^ECDHE-.*(GCM|POLY1305)/);
    expect(await ask(older)).to.contain('hello');
  });

  const refused: ReadonlyArray<[string, ConnectionOptions]> = [
    ['TLS 1.1', { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' }],
    ['a suite without forward secrecy', { maxVersion: 'TLSv1.2', ciphers: 'AES256-GCM-SHA384:@SECLEVEL=0' }],
    [
      'a suite that authenticates after it encrypts',
      { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES256-SHA384:ECDHE-ECDSA-AES128-SHA' },
    ],
  ];
  for (const [what, options] of refused) {
    it(`agrees on nothing with a client that knows only ${what}`, async () => {
      const error = await handshake(options).then(
        () => undefined,
        (failure: NodeJS.ErrnoException) => failure,
      );
      expect(error?.code).to.match(/^ERR_SSL_/);
    });
  }

  it('tells a client of plain HTTP, in plain HTTP, that it speaks https only', async () => {
    const answer = await ask(connectPlain(port, '127.0.0.1'));
    expect(answer).to.match(/^HTTP\/1.1 400 Bad Request\r\n/);
    expect(answer).to.contain('Connection: close').and.contain('X-Request-Id: early');
    expect(JSON.parse(answer.split('\r\n\r\n')[1] ?? '')).to.include({
      code: 'request.needs_tls',
      status: 400,
    });
  });

  it('closes on a client that says something else', async () => {
    const socket = connectPlain(port, '127.0.0.1');
    socket.end(Buffer.from([0, 1, 2, 3]));
    await everything(socket);
    expect(socket.destroyed).to.equal(true);
  });

  it('takes a greeting that comes in little pieces', async () => {
    const relay = createRelay((client) => {
      const upstream = connectPlain({ port, host: '127.0.0.1', noDelay: true });
      upstream.pipe(client);
      client.on('data', async (greeting: Buffer) => {
        client.pause();
        for (let at = 0; at < greeting.length; at += 50) {
          await new Promise((sent) => upstream.write(greeting.subarray(at, at + 50), sent));
        }
        client.resume();
      });
      client.on('close', () => upstream.destroy());
    });
    relay.listen(0, '127.0.0.1');
    await once(relay, 'listening');
    const socket = await handshake({ port: (relay.address() as AddressInfo).port });
    expect(await ask(socket)).to.contain('hello');
    relay.close();
  });

  it('answers what is no HTTP inside TLS like any other server', async () => {
    const socket = await handshake();
    socket.write('NONSENSE\r\n\r\n');
    expect(await everything(socket)).to.contain('"code":"request.malformed"');
  });

  it('gives a new pair to new connections, while old ones live on', async () => {
    const old = await handshake();
    const replacement = await certificate({ name: 'renewed.example' });
    server.setSecureContext(secureContextOf(replacement));
    const fresh = await handshake({ ca: replacement.cert });
    expect(fresh.getPeerCertificate().subject.CN).to.equal('renewed.example');
    expect(fresh.getProtocol()).to.equal('TLSv1.3');
    expect(await ask(old)).to.contain('hello');
    fresh.destroy();
    server.setSecureContext(secureContextOf(pair));
  });

  it('lets go of connections that never said a word when it closes them all', async () => {
    const silent = connectPlain(port, '127.0.0.1');
    const accepted = once(server, 'connection');
    await once(silent, 'connect');
    await accepted;
    server.closeAllConnections();
    await everything(silent);
    expect(silent.destroyed).to.equal(true);
  });
});
