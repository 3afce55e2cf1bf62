import { z } from 'zod';
import type { LongUse } from '../../../../application/ports/identity/long-use.ts';
import type { LoginSessionId } from '../../../../domain/identity/ids.ts';
import { type AuthPeer, askAuth } from './ask-auth.ts';

const ANSWER = z.object({ live: z.boolean() });

interface Deps {
  readonly auth: AuthPeer;
  readonly intervalMs: number;
  /** Told of a login that has ended without anybody ending it: it was idle, or its time is over. */
  readonly onEnded: (id: LoginSessionId) => void;
}

/** Tells auth which logins are in use, for a service that runs apart. */
export class HttpLongUse implements LongUse {
  readonly intervalMs: number;
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.intervalMs = deps.intervalMs;
    this.#deps = deps;
  }

  async tell(id: LoginSessionId): Promise<boolean> {
    const { auth, onEnded } = this.#deps;
    const answer = askAuth(auth, '/internal/sessions/use', { sessionId: id }, ANSWER);
    const { live } = await answer.catch(() => ({ live: true }));
    if (!live) onEnded(id);
    return live;
  }
}
