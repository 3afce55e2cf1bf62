import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { DomainError } from '../../../domain/domain-error.ts';
import type { AgentPrincipal, Principal } from '../../../domain/identity/principal.ts';
import { invariant } from '../../../domain/invariant.ts';
import type { AgentSockets } from './agent-sockets.ts';
import type { ConflictThrottle } from './conflict-throttle.ts';

interface Deps {
  readonly sockets: AgentSockets;
  readonly throttle: ConflictThrottle;
  /** The network that a request comes from. */
  readonly networkOf: (request: IncomingMessage) => string;
  /** Longest message, in bytes. */
  readonly maxMessageBytes: number;
}

/** An upgrade that was let in. */
interface Admitted {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
  readonly principal: Principal;
  readonly requestId: string;
}

/** `GET /ws`: the address of agents. */
export function agentRoute({ sockets, throttle, networkOf, maxMessageBytes }: Deps) {
  const server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    // Pings are answered at a rate, and not to whoever reads nothing.
    autoPong: false,
    maxPayload: maxMessageBytes,
    // Text is refused whatever it says, and always in the same way.
    skipUTF8Validation: true,
  });
  return {
    path: '/ws',
    permission: 'control.connect' as const,
    // Clients know one refusal of a key, whatever is wrong with it, and come back less often after that one alone.
    refusal: (error: unknown): unknown =>
      error instanceof DomainError && error.code === 'permission.denied'
        ? new DomainError('credential.invalid', 'An API key with the scope control opens this')
        : error,
    check: (request: IncomingMessage, principal: Principal): Promise<void> =>
      throttle.require(agentOf(principal), networkOf(request)),
    open: ({ request, socket, head, principal, requestId }: Admitted): void => {
      const agent = agentOf(principal);
      const network = networkOf(request);
      server.handleUpgrade(request, socket, head, (client) => {
        const onConflict = (): void => void throttle.count(agent, network);
        sockets.add({ socket: client, wire: socket, principal: agent, requestId, onConflict });
      });
    },
  };
}

function agentOf(principal: Principal): AgentPrincipal {
  invariant(principal.kind === 'agent', 'the permission of this route lets only agents in');
  return principal;
}
