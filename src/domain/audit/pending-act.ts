import type { Authenticate } from './audit-chain.ts';

/** What was done, on its way to a chain. */
export interface SaidAct {
  /** Names this one record among all there are, so that it comes into the log once however often it is brought. */
  readonly id: string;
  /** When it was done, in Unix milliseconds. */
  readonly atMs: number;
  /** The record's text (`auditText`). */
  readonly text: string;
}

/**
 * A record that was stored with the act that it tells of, and that no chain has yet. It has a code of its own: whoever
 * takes it into a chain signs it, and must sign nothing that was put there or changed by somebody without the key.
 */
export interface PendingAct extends SaidAct {
  readonly mac: string;
}

/** What a pending record's code is made of, which no record's and no anchor's code can stand for. */
const pendingText = ({ id, atMs, text }: SaidAct): string => `pending ${JSON.stringify([id, atMs, text])}`;

/** Gives what was done the code under which it may wait. */
export const awaitingChain = (said: SaidAct, authenticate: Authenticate): PendingAct => ({
  ...said,
  mac: authenticate(pendingText(said)),
});

/** Whether a record that waits is what was written. */
export const isAuthenticPending = ({ mac, ...said }: PendingAct, authenticate: Authenticate): boolean =>
  authenticate(pendingText(said)) === mac;
