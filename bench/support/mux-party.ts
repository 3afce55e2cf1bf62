import type { Memory } from './memory.ts';
import type { RawWebSocket } from './raw-web-socket.ts';

/** Gets an echo's session and the place of its payload, which is good until it returns. */
export type OnEcho = (session: number, bytes: Buffer, at: number, length: number) => void;

/** One connection to a server under measurement, and the sessions on it. */
export interface MuxLink {
  readonly socket: RawWebSocket;
  readonly sessions: number;
  /** A message of a session as it goes over the wire. */
  message(session: number, payload: Uint8Array): Buffer;
  /** One or more of these as they go over the wire together. */
  together(messages: readonly { readonly session: number; readonly payload: Uint8Array }[]): Buffer;
  /** Every echo is told from now on. */
  onEcho(take: OnEcho): void;
  /** What the server lets a session send, in bytes; whoever sends takes it off. Without windows: without end. */
  readonly windows: number[];
  /** Lets the server send so many bytes more on a session; nothing where there are no windows. */
  grant(session: number, bytes: number): Buffer;
  /** Is called when a session may send more. */
  onWindow: () => void;
  /** Asks the server for so many messages of 1 KiB on a session that has them. */
  source(session: number, count: number): Buffer;
}

/** What a connection is opened with. */
export interface LinkOptions {
  readonly sessions: number;
  /** Who opens it, where there are several principals. */
  readonly principal?: number;
  /** Weights by session, where they have them. */
  readonly weights?: readonly number[];
  /** What the client grants each session first, in bytes, where there are windows; nearly without end unless told. */
  readonly window?: number;
  /** The sessions on which the server sends by itself, and what the client grants these first. */
  readonly sources?: readonly number[];
  readonly sourceWindow?: number;
}

/** A server under measurement that sends back what comes, by sessions. */
export interface MuxParty {
  readonly pid: number;
  connect(options: LinkOptions): Promise<MuxLink>;
  memory(): Promise<Memory>;
  stop(): Promise<void>;
}

/** Starts a party anew; every round has a server of its own. */
export type StartParty = () => Promise<MuxParty>;
