import { readFileSync } from 'node:fs';

/** What a released SDK has written to its WebSocket: the session that it logs in to, and its messages in their order. */
export const CAPTURED = read();

function read(): { readonly session: string; readonly messages: readonly Buffer[] } {
  const file = new URL('captured-agent-messages.json', import.meta.url);
  const { session, messages } = JSON.parse(readFileSync(file, 'utf8')) as {
    readonly session: string;
    readonly messages: readonly string[];
  };
  return { session, messages: messages.map((message) => Buffer.from(message, 'base64')) };
}
