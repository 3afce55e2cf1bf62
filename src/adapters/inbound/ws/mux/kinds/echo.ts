import type { Kind, KindSession, SessionOut } from './kind.ts';

/** Sends back what comes, for looking at a connection. */
export const ECHO: Kind = {
  name: 'echo',
  permission: 'mux.open',
  open: async (_opening, out) => new EchoSession(out),
};

class EchoSession implements KindSession {
  readonly recovered = true;
  readonly offset = 0;
  readonly #out: SessionOut;

  constructor(out: SessionOut) {
    this.#out = out;
  }

  begin(): void {}

  onData(bytes: Buffer): Promise<void> | undefined {
    return this.#out.data(bytes);
  }

  close(): void {}
}
