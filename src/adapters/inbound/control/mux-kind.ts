import type { IdSource } from '../../../application/ports/id-source.ts';
import type { AgentPrincipal, EndingPrincipal } from '../../../domain/identity/principal.ts';
import { invariant } from '../../../domain/invariant.ts';
import type { AgentServices } from './agent-services.ts';
import { AgentSession } from './agent-session.ts';
import { type ClientFrame, clientFrameFromJson, MalformedFrame } from './agent-wire.ts';
import { MuxLine, type MuxWay } from './mux-line.ts';

/** What a session of this kind is opened with. */
interface Opening {
  principal(): EndingPrincipal;
  /** Of a resume: the offset of the last EVENT that the client has. */
  readonly offset?: number;
  readonly requestId: string;
}

/**
 * An agent's control channel as a kind of multiplexed session: DATA is a ClientFrame and an EVENT a ServerFrame, in the
 * JSON form of proto3. The first frame is a login, also after a resume: who took the session back says anew whose answers
 * he waits for, and gets those of which it is not known that they came.
 */
export const controlKind = (deps: {
  readonly services: () => AgentServices;
  readonly ids: Pick<IdSource, 'uuid'>;
}) =>
  ({
    name: 'control',
    permission: 'control.connect',
    open: async (opening: Opening, way: MuxWay) =>
      new ControlMuxSession(deps.services(), deps.ids, opening, way),
  }) as const;

class ControlMuxSession {
  /** What has not come is due in the store, and follows the login. */
  readonly recovered = true;
  readonly offset: number;
  readonly #line: MuxLine;
  readonly #session: AgentSession;

  constructor(services: AgentServices, ids: Pick<IdSource, 'uuid'>, opening: Opening, way: MuxWay) {
    this.offset = opening.offset ?? 0;
    this.#line = new MuxLine(way, this.offset, () => this.#session.onRoom());
    this.#session = new AgentSession(services, {
      line: this.#line,
      // The session may go on by another key of its owner's.
      get principal() {
        return agentOf(opening);
      },
      name: ids.uuid(),
      requestId: opening.requestId,
      onConflict: () => undefined,
    });
  }

  begin(): void {}

  onData(bytes: Buffer): Promise<void> | undefined {
    if (this.#line.isClosing) return undefined;
    const read = this.#line.read();
    // A text, since it may be acted on when what it came in is long gone.
    const text = bytes.toString();
    this.#session.receive(() => frameIn(text));
    return read;
  }

  close(): void {
    this.#session.closed();
    this.#line.resume();
  }
}

/** The agent whose session it is: the permission of this kind lets nobody else in. */
function agentOf(opening: Opening): AgentPrincipal {
  const principal = opening.principal();
  invariant(principal.kind === 'agent', 'a person has no control channel');
  return principal;
}

/** @throws MalformedFrame. */
function frameIn(text: string): ClientFrame {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new MalformedFrame('This is no JSON', { cause: error });
  }
  return clientFrameFromJson(json);
}
