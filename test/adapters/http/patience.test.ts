import { once } from 'node:events';
import type { RequestListener, Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { expect } from 'chai';
import { createHttpServer } from '../../../src/adapters/inbound/http/http-server.ts';
import { RawConnection } from '../../support/raw-http.ts';

/** Characters of an answer that no unread connection can hold. */
const MORE_THAN_A_SOCKET_TAKES = 50_000_000;
const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';

describe('the patience of the HTTP server', () => {
  let server: Server;
  let url: string;
  /** Answers come when a test says so. */
  let answerAll: () => void;
  let asked: number;

  const serve = async (listener: RequestListener): Promise<void> => {
    server = createHttpServer(listener, () => 'early');
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  const serveLate = async (): Promise<void> => {
    const waiting: Array<() => void> = [];
    asked = 0;
    answerAll = () => {
      for (const answer of waiting.splice(0)) answer();
    };
    await serve((_request, response) => {
      asked += 1;
      waiting.push(() => response.end(`answer ${waiting.length}`));
    });
  };

  it('answers a few requests that were sent at once', async () => {
    await serveLate();
    const connection = await RawConnection.open(url);
    connection.send(GET.repeat(16));
    while (asked < 16) await once(server, 'request');
    answerAll();
    await connection.until(/(HTTP\/1\.1 200 OK[\s\S]*){16}/);
    connection.send(GET);
    await once(server, 'request');
    answerAll();
    await connection.until(/(HTTP\/1\.1 200 OK[\s\S]*){17}/);
    connection.close();
  });

  it('cuts a connection that floods it with requests, and looks at few of them', async () => {
    await serveLate();
    const connection = await RawConnection.open(url);
    connection.send(GET.repeat(1_000));
    expect(await connection.untilEnd()).to.equal('');
    expect(asked).to.equal(16);
    expect((await fetchLate()).status).to.equal(200);
  });

  const fetchLate = async (): Promise<Response> => {
    const answer = fetch(url);
    await once(server, 'request');
    answerAll();
    return answer;
  };

  it('lets go of whom it refused, though he reads nothing and keeps his side open', async () => {
    await serveLate();
    const accepted = once(server, 'connection') as Promise<[Socket]>;
    const client = connect({ port: Number(new URL(url).port), host: '127.0.0.1', allowHalfOpen: true });
    client.on('error', () => client.destroy());
    const [socket] = await accepted;
    client.pause().write('NONSENSE\r\n\r\n');
    if (!socket.closed) await once(socket, 'close');
    client.destroy();
  }).timeout(5_000);

  it('limits how long a whole answer may stay unread, and never how long it takes to be made', async () => {
    const timeouts: unknown[] = [];
    const looked = Promise.withResolvers<void>();
    await serve(({ socket }, response) => {
      const look = (): void => void timeouts.push(socket.timeout ?? 0);
      response.write('the beginning');
      look();
      response.end('x'.repeat(MORE_THAN_A_SOCKET_TAKES));
      setImmediate(() => {
        look();
        looked.resolve();
      });
    });
    const client = connect({ port: Number(new URL(url).port), host: '127.0.0.1' });
    client.pause().write(GET);
    await looked.promise;
    client.destroy();
    expect(timeouts).to.deep.equal([0, 30_000]);
  });
});
