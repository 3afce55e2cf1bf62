import type { Kind, KindSession, SessionOut } from './kind.ts';

/** Sends back what comes, for looking at a connection. */
export const ECHO: Kind = {
  name: 'echo',
  permission: 'mux.open',
  open: async (_opening, out) => new EchoSession(out),
};

class EchoSession implements KindSession {
  readonly #out: SessionOut;

  constructor(out: SessionOut) {
    this.#out = out;
  }

  // Getters: what is the same of all of them is kept in none.
  get recovered(): boolean {
    return true;
  }

  get offset(): number {
    return 0;
  }

  begin(): void {}

  onData(bytes: Buffer): Promise<void> | undefined {
    return this.#out.data(bytes);
  }

  close(): void {}
}
