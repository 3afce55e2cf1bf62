import { WebSocket } from 'ws';

/** What came of asking for a WebSocket. */
export interface UpgradeAnswer {
  /** 101 when it was opened. */
  readonly status: number;
  /** The first message of an opened one, else the problem that refused it. */
  // biome-ignore lint/suspicious/noExplicitAny: bodies are asserted on field by field
  readonly body: any;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The connection, where it was opened. */
  readonly socket: WebSocket | undefined;
}

/** Asks for a WebSocket with exactly these headers. */
export function askForSocket(
  url: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<UpgradeAnswer> {
  const socket = new WebSocket(url.replace(/^http/, 'ws'), { headers, handshakeTimeout: 5_000 });
  return new Promise((resolve, reject) => {
    socket.once('message', (data) =>
      resolve({ status: 101, body: JSON.parse(String(data)), headers: {}, socket }),
    );
    socket.once('unexpected-response', (_request, answer) => {
      let text = '';
      answer.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      answer.once('end', () =>
        resolve({
          status: answer.statusCode ?? 0,
          body: JSON.parse(text),
          headers: answer.headers,
          socket: undefined,
        }),
      );
    });
    socket.once('error', reject);
  });
}
