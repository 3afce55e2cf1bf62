/** Socket.IO with namespaces as its sessions: each sends back what comes. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from 'socket.io';
import { answerMemory } from '../support/memory.ts';

const SOURCE_TEXT = 's'.repeat(1_024);

answerMemory();
const http = createServer();
const io = new Server(http, { transports: ['websocket'], serveClient: false });
io.of(/^\/\d+$/).on('connection', (socket) => {
  socket.on('m', (text: string) => socket.emit('m', text));
  socket.on('s', (count: number) => {
    for (let sent = 0; sent < count; sent += 1) socket.emit('m', SOURCE_TEXT);
  });
});
http.listen(0, '127.0.0.1', () => process.send?.({ port: (http.address() as AddressInfo).port }));
