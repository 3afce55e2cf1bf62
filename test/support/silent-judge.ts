import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A model server that agents' events are shown to, and that never says anything about them. */
export interface SilentJudge {
  /** What makes a server ask it. */
  readonly flags: readonly string[];
  close(): void;
}

/** @param answer what it does with a request all the same; nothing unless given, so that what is asked never ends. */
export async function silentJudge(
  answer: (request: IncomingMessage, response: ServerResponse) => void = () => undefined,
): Promise<SilentJudge> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  return {
    flags: ['--model-url', url, '--model-id', 'judge', '--model-price', '1', '--control-model', 'judge'],
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
