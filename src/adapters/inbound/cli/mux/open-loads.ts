import type { MuxClient } from '../../../../client/mux/mux-client.ts';
import { MuxError } from '../../../../client/mux/mux-error.ts';
import type { ApiClient } from '../client/api-client.ts';
import type { CommandIo } from '../client/command-io.ts';
import { EXIT } from '../client/exit-code.ts';
import { Ending } from '../client/failures.ts';
import { ChatLoad } from './chat-load.ts';
import { EchoLoad } from './echo-load.ts';
import type { MuxOptions } from './mux-options.ts';
import type { SessionLoad } from './session-load.ts';

/** How much faster than its rate the flooding session sends: messages a second, below what a connection may. */
export const FLOOD_PER_SECOND = 200;
/** Chats unless another number is asked for: each runs a stream, of which a user may have 20. */
const USUAL_CHATS = 5;

/** What sessions are opened with. */
export interface LoadWorld {
  readonly mux: MuxClient;
  readonly api: ApiClient;
  readonly io: CommandIo;
  say(line: string): void;
}

/** Opens the sessions of a run. @throws Ending when the server has none of that kind, or none for this user. */
export async function openLoads(options: MuxOptions, world: LoadWorld): Promise<SessionLoad[]> {
  const { mux, api, io, say } = world;
  const { kind, flood, rate, size } = options;
  try {
    if (kind === 'chat') return await openChats(options.sessions, mux, api);
    return await openAll(
      options.sessions,
      async (name) => new EchoLoad(name, await mux.open('echo'), io, { perSecond: rate, size }),
    );
  } catch (error) {
    if (!(error instanceof MuxError) || error.code !== 'kind.unknown') throw explained(error);
    const how = 'start it with --websocket-multiplexing-echo';
    if (kind === 'echo' || flood)
      throw new Ending(EXIT.no, `This server has no echo sessions: ${how}, or ask for --kind chat`);
    say(`[This server has no echo sessions (${how}); chats are asked in their place]`);
    return openChats(Math.min(USUAL_CHATS, options.sessions), mux, api);
  }
}

/** Opens the session that floods, on the connection of the others. */
export async function openFlood({ size }: MuxOptions, { mux, io }: LoadWorld): Promise<EchoLoad> {
  const session = await mux.open('echo', { paced: false });
  return new EchoLoad('flood', session, io, { perSecond: FLOOD_PER_SECOND, size, floods: true });
}

const openChats = (count: number, mux: MuxClient, api: ApiClient): Promise<ChatLoad[]> =>
  openAll(count, (name) => ChatLoad.open(name, api, mux)).catch((error: unknown) => {
    throw explained(error);
  });

/** Opens the first one alone, so that what is wrong with all is told once. */
async function openAll<Load extends SessionLoad>(
  count: number,
  open: (name: string) => Promise<Load>,
): Promise<Load[]> {
  const first = await open('1');
  const rest = Array.from({ length: count - 1 }, (_, index) => open(String(index + 2)));
  return [first, ...(await Promise.all(rest))];
}

/** What the client could not do, as the end of the command. */
export function explained(error: unknown): unknown {
  if (!(error instanceof MuxError)) return error;
  if (error.code !== 'unreachable') return new Ending(EXIT.no, `${error.message} (${error.code})`);
  const why = 'the key may lack the scope mux, or a proxy may pass no upgrades on';
  return new Ending(EXIT.unreachable, `The WebSocket of /ws/mux does not open: ${why}`);
}
