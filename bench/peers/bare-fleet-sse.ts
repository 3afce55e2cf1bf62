/**
 * The least that a fleet's node can do: an HTTP server that stores each event by a bare insert of the driver, publishes
 * it by a bare command of the client, and writes it then. What comes while a stream's insert is under way is the next one.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Redis } from 'ioredis';
import { MongoClient } from 'mongodb';
import { Pacer } from '../support/pacer.ts';

const [mongodb = '', redisUrl = '', rate = '1'] = process.argv.slice(2);
const pacer = new Pacer(Number(rate));
const client = await MongoClient.connect(mongodb, {
  writeConcern: { w: 'majority', journal: true },
  maxPoolSize: 64,
});
const events = client.db().collection('bare');
const redis = new Redis(redisUrl, { enableAutoPipelining: true });
let streams = 0;

const server = createServer((request, response) => {
  request.resume();
  response.writeHead(200, {
    'Content-Type': 'text/event-stream; charset=utf-8',
    'Cache-Control': 'no-store',
  });
  streams += 1;
  const stream = streams;
  let offset = 0;
  let waiting: string[] = [];
  let isStoring = false;
  const store = async (): Promise<void> => {
    isStoring = true;
    while (waiting.length > 0 && !response.destroyed) {
      const lines = waiting.join('');
      waiting = [];
      await events.insertOne({ stream, offset, lines });
      redis.publish(`bare:${stream}`, lines).catch(() => undefined);
      response.write(lines);
    }
    isStoring = false;
  };
  const remove = pacer.add(() => {
    offset += 1;
    waiting.push(`id: ${offset}\nevent: chunk\ndata: {"text":"token "}\n\n`);
    if (!isStoring) void store();
  });
  response.once('close', remove);
});
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
