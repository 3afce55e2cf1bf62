import type { ServerFrame } from './agent-wire.ts';

/** The codes with which the server closes an agent's connection. */
export type AgentCloseCode = 1001 | 1002 | 1008 | 1009 | 1011 | 4003 | 4401;

/** The way between a session and its agent, whatever carries it. */
export interface AgentLine {
  /** Sends a frame, after those before it. `full`: it was not sent, because the client takes too little of them. */
  send(frame: ServerFrame): 'sent' | 'full';
  /** True once the client has everything that was sent so far; false when that can be known no more. */
  confirmed(): Promise<boolean>;
  /** Stops reading what the client sends, and goes on with it. */
  pause(): void;
  resume(): void;
  /** Closes the connection. Nothing is sent after. */
  close(code: AgentCloseCode, reason: string): void;
}
