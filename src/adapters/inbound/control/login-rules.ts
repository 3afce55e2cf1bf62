import { MAX_SERVERS_OF_A_SESSION } from '../../../application/ports/control/mcp-inventories.ts';
import { MalformedFrame, type McpServer, SCHEMA_VERSION, type SessionLogin } from './agent-wire.ts';

/** Longest connection id and source of a login, in UTF-16 units. */
export const MAX_LOGIN_TEXT_UNITS = 256;
/** Longest text of an MCP server that is kept, in UTF-16 units; what is longer is cut there. */
const MAX_SERVER_TEXT_UNITS = 2_048;

/**
 * Sees to it that a login can be kept. Whether its session id has the form of one is the domain's to say.
 *
 * @throws MalformedFrame.
 */
export function requireLogin({ sessionId, schemaVersion, connectionId, source }: SessionLogin): void {
  if (schemaVersion !== SCHEMA_VERSION) {
    throw new MalformedFrame(`The schema version is ${SCHEMA_VERSION}`);
  }
  if (sessionId === '') throw new MalformedFrame('The session_id is empty');
  for (const text of [connectionId, source]) {
    if (text.length > MAX_LOGIN_TEXT_UNITS || !text.isWellFormed()) {
      throw new MalformedFrame(
        `A connection_id and a source have at most ${MAX_LOGIN_TEXT_UNITS} characters`,
      );
    }
  }
}

/** What is kept of an inventory: each name once, the one that came last. */
export function keptServers(servers: readonly McpServer[]): readonly McpServer[] {
  const kept = new Map<string, McpServer>();
  for (const { name, transport, endpoint } of servers.slice(0, MAX_SERVERS_OF_A_SESSION)) {
    kept.set(cut(name), { name: cut(name), transport: cut(transport), endpoint: cut(endpoint) });
  }
  return [...kept.values()];
}

const cut = (text: string): string => text.slice(0, MAX_SERVER_TEXT_UNITS).toWellFormed();
