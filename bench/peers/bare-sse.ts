/** The least that Node.js can do: an HTTP server that writes the same events, stores nothing and checks nothing. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Pacer } from '../support/pacer.ts';

const pacer = new Pacer(Number(process.argv[2]));

const server = createServer((request, response) => {
  request.resume();
  response.writeHead(200, {
    'Content-Type': 'text/event-stream; charset=utf-8',
    'Cache-Control': 'no-store',
  });
  let offset = 0;
  const remove = pacer.add(() => {
    offset += 1;
    response.write(`id: ${offset}\nevent: chunk\ndata: {"text":"token "}\n\n`);
  });
  response.once('close', remove);
});
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
