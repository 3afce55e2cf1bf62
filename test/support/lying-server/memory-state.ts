import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';

/** Micro-credits that a stream holds while it runs. */
export const HOLD_MICROS = 1_000_000;
/** Price of the one model, in micro-credits per token. */
export const MICROS_PER_TOKEN = 1_000;
/** Tokens of every prompt. */
export const PROMPT_TOKENS = 10;
/** What the one model says, chunk by chunk. */
export const CHUNKS = [...'Only its owner may finish a ströam 🌊'.split(/(?<= )/), ...'abcdefghijklmnop'];

export interface MemoryUser {
  readonly id: string;
  readonly username: string;
  readonly password: string;
  readonly role: string;
  available: number;
  held: number;
  usedMicros: number;
  usageRecords: number;
}

export interface MemoryEvent {
  readonly offset: number;
  readonly type: string;
  readonly data: Record<string, unknown>;
}

export interface MemoryStream {
  readonly id: string;
  readonly key: string | undefined;
  readonly owner: MemoryUser;
  readonly events: MemoryEvent[];
  readonly readers: Set<ServerResponse>;
  state: 'running' | 'finished' | 'stopped' | 'failed';
  tokens: number;
  charge: number;
  /** The accepted update's body and its answer. */
  receipt?: { readonly body: string; readonly answer: Record<string, unknown> };
}

export interface MemoryChat {
  readonly id: string;
  readonly owner: MemoryUser;
  readonly messages: { role: string; content: string }[];
  readonly streams: MemoryStream[];
  nextOffset: number;
}

/** Everything the server knows. */
export class MemoryState {
  /** Whether every stream runs to its end at once, as with a model that needs no time. */
  isFast = false;
  /** How often somebody asked whether the server is well. */
  healthLooks = 0;
  readonly users = new Map<string, MemoryUser>();
  readonly tokens = new Map<string, MemoryUser>();
  readonly refreshTokens = new Map<string, MemoryUser>();
  readonly chats = new Map<string, MemoryChat>();

  constructor() {
    this.addUser('user1', 'User1@123', 'user', 3 * HOLD_MICROS);
    this.addUser('admin', 'admin@admin', 'admin', 0);
  }

  addUser(username: string, password: string, role: string, available: number): MemoryUser {
    const id = randomUUID();
    const user = { id, username, password, role, available, held: 0, usedMicros: 0, usageRecords: 0 };
    this.users.set(id, user);
    return user;
  }

  userNamed(name: string): MemoryUser | undefined {
    return [...this.users.values()].find((user) => user.username === name || user.id === name);
  }
}

/** The text that a stream has sent so far. */
export const textOf = (stream: MemoryStream): string =>
  stream.events.map((event) => (event.type === 'chunk' ? String(event.data.text) : '')).join('');
