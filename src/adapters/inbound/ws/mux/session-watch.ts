import { type IdleWatch, IdleWheel } from '../../../../domain/multiplexing/idle-wheel.ts';
import type { MuxSession } from './mux-session.ts';

/** How exactly credentials expire, in milliseconds: sessions whose ends fall together are looked at together. */
const EXPIRY_STEP_MS = 250;

interface Watched {
  readonly idle: IdleWatch<MuxSession>;
  /** The step in which its credential expires; undefined when it does not. */
  step: number | undefined;
}

/** Tells which sessions have been idle for too long, and of which the credential has expired, by one look at the clock. */
export class SessionWatch {
  readonly #wheel: IdleWheel<MuxSession>;
  readonly #watched = new Map<MuxSession, Watched>();
  readonly #expiring = new Map<number, Set<MuxSession>>();
  #step: number;

  constructor(timeoutMs: number, nowMs: number) {
    this.#wheel = new IdleWheel(timeoutMs, nowMs);
    this.#step = stepOf(nowMs);
  }

  watch(session: MuxSession, nowMs: number): void {
    const idle = this.#wheel.watch(session, nowMs);
    session.idle = idle;
    this.#watched.set(session, { idle, step: undefined });
    this.renewed(session);
  }

  /** The session's credential has been renewed. */
  renewed(session: MuxSession): void {
    const watched = this.#watched.get(session);
    if (watched === undefined) return;
    this.#forgetExpiry(session, watched);
    const { expiresAtMs } = session.authority;
    if (expiresAtMs === undefined) return;
    watched.step = Math.max(stepOf(expiresAtMs), this.#step);
    const together = this.#expiring.get(watched.step) ?? new Set();
    together.add(session);
    this.#expiring.set(watched.step, together);
  }

  unwatch(session: MuxSession): void {
    const watched = this.#watched.get(session);
    if (watched === undefined) return;
    this.#watched.delete(session);
    this.#wheel.unwatch(watched.idle);
    this.#forgetExpiry(session, watched);
  }

  /** The sessions that are to be closed now: idle ones, and those whose credential has expired. */
  advance(nowMs: number): { readonly idle: readonly MuxSession[]; readonly expired: readonly MuxSession[] } {
    const idle = this.#wheel.advance(nowMs);
    const expired: MuxSession[] = [];
    for (const until = stepOf(nowMs); this.#step < until; this.#step += 1) {
      expired.push(...(this.#expiring.get(this.#step) ?? []));
      this.#expiring.delete(this.#step);
    }
    return { idle, expired };
  }

  #forgetExpiry(session: MuxSession, watched: Watched): void {
    if (watched.step === undefined) return;
    const together = this.#expiring.get(watched.step);
    together?.delete(session);
    if (together?.size === 0) this.#expiring.delete(watched.step);
    watched.step = undefined;
  }
}

/** The first step that begins when, or after, a time has come. */
const stepOf = (ms: number): number => Math.ceil(ms / EXPIRY_STEP_MS);
