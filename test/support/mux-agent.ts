import { BENIGN } from './agent-client.ts';
import type { MuxClient, Received } from './mux-client.ts';

/** A login as DATA has it. */
export const loginOf = (sessionId: string, more = {}) => ({
  login: { sessionId, schemaVersion: 2, source: 'sdk', ...more },
});
/** One event as DATA has it. */
export const eventOf = (eventId: string, event = BENIGN) => ({
  pairedBatch: { events: [{ eventId, runId: 'run-1', ...event }] },
});

/** One control session of an agent over a connection that may carry others. */
export interface MuxAgent {
  readonly mux: MuxClient;
  readonly handle: string;
  readonly sessionId: string;
  readonly resumeToken: string;
  readonly recovered: boolean;
  readonly offset: number;
  readonly permissions: readonly string[];
  readonly expiresAt: number | null;
  send(frame: object): void;
  /** Shows another credential, and gives the AUTHED or the ERROR. */
  auth(credential: string): Promise<Received>;
  /** The next EVENT that is what is waited for. */
  event(isWanted: (json: Received['json']) => boolean): Promise<Received>;
  verdict(eventId: string): Promise<Received>;
}

/** Opens a control session on a connection. */
export async function openAgent(mux: MuxClient, more = {}): Promise<MuxAgent> {
  const opened = await mux.open('control', more);
  const { handle } = opened;
  const event = (isWanted: (json: Received['json']) => boolean) =>
    mux.next((frame) => frame.handle === handle && frame.name === 'EVENT' && isWanted(frame.json));
  return {
    mux,
    ...opened,
    send: (frame) => mux.send(handle, 'DATA', frame),
    auth: (credential) => {
      mux.send(handle, 'AUTH', { credential });
      return mux.next((frame) => frame.handle === handle && ['AUTHED', 'ERROR'].includes(frame.name));
    },
    event,
    verdict: (eventId) => event(({ verdict }) => verdict?.eventId === eventId),
  };
}

/** Opens one and logs in. */
export async function logInAgent(mux: MuxClient, session: string, more = {}): Promise<MuxAgent> {
  const agent = await openAgent(mux, more);
  agent.send(loginOf(session));
  await agent.event(({ loginAck }) => loginAck !== undefined);
  return agent;
}
