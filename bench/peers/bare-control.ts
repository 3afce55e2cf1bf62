/** The least that a server for agents can do: it reads each event and answers with a verdict, always the same one. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import { clientFrame, serverFrame } from '../support/agent-schema.ts';
import { answerMemory } from '../support/memory.ts';

interface Frame {
  readonly login?: { readonly source: string };
  readonly pairedBatch?: { readonly events: ReadonlyArray<{ eventId: string; sessionId: string }> };
}

const policy = { mode: 3, policyM3: true, policyM4: true };
const encode = (frame: Record<string, unknown>): Uint8Array =>
  serverFrame.encode(serverFrame.create(frame)).finish();

answerMemory();
const http = createServer();
const server = new WebSocketServer({ server: http, perMessageDeflate: false });
server.on('connection', (socket) => {
  socket.on('message', (data: Buffer) => {
    const { login, pairedBatch } = clientFrame.decode(data) as Frame;
    if (login) socket.send(encode({ loginAck: { policy, source: login.source } }));
    for (const { eventId, sessionId } of pairedBatch?.events ?? [])
      socket.send(encode({ verdict: { eventId, sessionId, madCode: 'M0', policy, status: 1 } }));
  });
});
http.listen(0, '127.0.0.1', () => process.send?.({ port: (http.address() as AddressInfo).port }));
