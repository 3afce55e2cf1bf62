import { IdleWheel } from '../../../../domain/multiplexing/idle-wheel.ts';
import type { MuxSession } from './mux-session.ts';

/** How exactly credentials expire, in milliseconds: sessions whose ends fall together are looked at together. */
const EXPIRY_STEP_MS = 250;
/** Most steps that are looked at one by one; beyond it what expires is looked for. */
const MAX_STEPS_AT_ONCE = 1_000;

/**
 * Tells which sessions have been idle for too long, and of which the credential has expired, by one look at the clock. What
 * it knows of a session it keeps with the session.
 */
export class SessionWatch {
  readonly #wheel: IdleWheel<MuxSession>;
  readonly #expiring = new Map<number, Set<MuxSession>>();
  /** Steps are counted from here, so that they stay small numbers, in unix milliseconds. */
  readonly #sinceMs: number;
  #step = 0;

  constructor(timeoutMs: number, nowMs: number) {
    this.#wheel = new IdleWheel(timeoutMs, nowMs);
    this.#sinceMs = nowMs;
  }

  watch(session: MuxSession, nowMs: number): void {
    this.#wheel.watch(session, nowMs);
    this.renewed(session);
  }

  /** The session's credential has been renewed. */
  renewed(session: MuxSession): void {
    this.#forgetExpiry(session);
    const { expiresAtMs } = session.authority;
    if (expiresAtMs === undefined || session.isOver) return;
    const step = Math.max(this.#stepOf(expiresAtMs), this.#step);
    session.expiryStep = step;
    const together = this.#expiring.get(step) ?? new Set();
    together.add(session);
    this.#expiring.set(step, together);
  }

  /** Watches no longer. Nothing changes when it is not watched. */
  unwatch(session: MuxSession): void {
    this.#wheel.unwatch(session);
    this.#forgetExpiry(session);
  }

  /** The sessions that are to be closed now: idle ones, and those whose credential has expired. */
  advance(nowMs: number): { readonly idle: readonly MuxSession[]; readonly expired: readonly MuxSession[] } {
    const idle = this.#wheel.advance(nowMs);
    const expired: MuxSession[] = [];
    const until = this.#stepOf(nowMs);
    // After a long time without connections, or a leap of the clock, there are far more steps than sessions.
    const isLeap = until - this.#step > MAX_STEPS_AT_ONCE;
    if (isLeap) for (const step of [...this.#expiring.keys()]) if (step < until) this.#take(step, expired);
    for (this.#step = isLeap ? until : this.#step; this.#step < until; this.#step += 1) {
      this.#take(this.#step, expired);
    }
    return { idle, expired };
  }

  #take(step: number, expired: MuxSession[]): void {
    for (const session of this.#expiring.get(step) ?? []) expired.push(session);
    this.#expiring.delete(step);
  }

  #forgetExpiry(session: MuxSession): void {
    const { expiryStep } = session;
    if (expiryStep === undefined) return;
    const together = this.#expiring.get(expiryStep);
    together?.delete(session);
    if (together?.size === 0) this.#expiring.delete(expiryStep);
    session.expiryStep = undefined;
  }

  /** The first step that begins when, or after, a time has come. */
  #stepOf(ms: number): number {
    return Math.ceil((ms - this.#sinceMs) / EXPIRY_STEP_MS);
  }
}
