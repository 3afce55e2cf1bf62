/** Who hears what is said on a channel. */
export interface Hearer {
  onMessage(text: string): void;
  /** From now on everything that is said is heard; told again after each time in which it was not. */
  onActive(): void;
}

/** What carries messages between nodes; it may lose them. */
export interface RedisWire {
  /** Whether what is said now is sent, and what is said elsewhere heard. */
  readonly isConnected: boolean;
  /** Says something on a channel, without waiting. `onLost`: it may not have been heard by everybody. */
  publish(channel: string, text: string, onLost?: () => void): void;
  /** Hears a channel, which has one hearer at most, until the returned function is called. */
  subscribe(channel: string, hearer: Hearer): () => void;
}

/** What a fleet without Redis has in its place: it never carries anything. */
export const NO_WIRE: RedisWire = {
  isConnected: false,
  publish: () => undefined,
  subscribe: () => () => undefined,
};
