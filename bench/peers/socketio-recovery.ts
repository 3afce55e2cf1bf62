/** Socket.IO with connection state recovery: a room per stream, tokens broadcast to it, missed packets replayed. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from 'socket.io';
import { Pacer } from '../support/pacer.ts';

/** How long a lost connection's packets are kept, in milliseconds. */
const RECOVERY_MS = 120_000;

const pacer = new Pacer(Number(process.argv[2]));
const http = createServer();
const io = new Server(http, {
  transports: ['websocket'],
  connectionStateRecovery: { maxDisconnectionDuration: RECOVERY_MS, skipMiddlewares: true },
});
let streams = 0;
io.on('connection', (socket) => {
  if (socket.recovered) return;
  streams += 1;
  const room = `stream-${streams}`;
  void socket.join(room);
  let offset = 0;
  pacer.add(() => {
    offset += 1;
    io.to(room).emit('chunk', { offset, text: 'token ' });
  });
});
http.listen(0, '127.0.0.1', () => process.send?.({ port: (http.address() as AddressInfo).port }));
