import { BoundedMap } from '../bounded-map.ts';
import type { SubscriberOwner } from '../multiplexing/subscriber-owner.ts';
import type { AlertKind, AlertRaise } from './alert.ts';
import type { AlertRules } from './alert-rule.ts';

/** Principals and kinds that are told apart at once; the window that was opened first is forgotten for another. */
export const MAX_COUNTED = 10_000;
/** Different words of one window that are told. */
export const MAX_WORDS = 10;
/** How long an alert that was told is left alone before what has come since is told, in milliseconds. */
export const TOLD_AGAIN_MS = 10_000;

/** What was noticed. */
export interface Noticed {
  readonly kind: AlertKind;
  readonly principal: SubscriberOwner;
  /** What it was, in a word of a closed set, such as a code; each is told with its count. */
  readonly word: string;
  /** Anything else that helps whoever reads of it, such as an id; the last one is told. */
  readonly detail?: string;
}

/** An alert that is due, without the id that it would have. */
export type DueAlert = Omit<AlertRaise, 'id'>;

interface Window {
  readonly kind: AlertKind;
  readonly principal: SubscriberOwner;
  readonly untilMs: number;
  count: number;
  /** How many of them have been told, and when last. */
  told: number;
  toldAtMs: number;
  readonly words: Map<string, number>;
  detail: string | undefined;
}

/**
 * Counts what is noticed of each principal in windows of fixed length, and says when it is enough. No entity: whoever
 * floods draws from one with each frame, so it is changed in place.
 */
export class AlertCounts {
  readonly #rules: AlertRules;
  readonly #windows = new BoundedMap<string, Window>(MAX_COUNTED);
  /** Windows that are over their threshold and have something to tell. */
  readonly #due = new Set<Window>();

  constructor(rules: AlertRules) {
    this.#rules = rules;
  }

  /** Counts. @returns whether this is the one with which it becomes an alert. */
  note({ kind, principal, word, detail }: Noticed, nowMs: number): boolean {
    const { threshold } = this.#rules[kind];
    const window = this.#windowOf(kind, principal, nowMs);
    window.count += 1;
    window.detail = detail ?? window.detail;
    const isKnown = window.words.has(word) || window.words.size < MAX_WORDS;
    const told = isKnown ? word : 'other';
    window.words.set(told, (window.words.get(told) ?? 0) + 1);
    if (window.count >= threshold) this.#due.add(window);
    return window.count === threshold;
  }

  /**
   * What is to be told now: at once when it has become an alert, and what came since a while later.
   *
   * @param isLast nothing is to be left for later.
   */
  due(nowMs: number, isLast = false): DueAlert[] {
    const due: DueAlert[] = [];
    for (const window of this.#due) {
      if (!isLast && nowMs - window.toldAtMs < TOLD_AGAIN_MS) continue;
      const { kind, principal, count, told } = window;
      const { windowMs } = this.#rules[kind];
      due.push({ kind, principal, atMs: nowMs, windowMs, count: count - told, detail: detailOf(window) });
      window.told = count;
      window.toldAtMs = nowMs;
      this.#due.delete(window);
    }
    this.#forget(nowMs);
    return due;
  }

  #windowOf(kind: AlertKind, principal: SubscriberOwner, nowMs: number): Window {
    const key = `${kind} ${principal}`;
    const open = this.#windows.get(key);
    if (open !== undefined && nowMs < open.untilMs) return open;
    const { windowMs } = this.#rules[kind];
    const window = {
      kind,
      principal,
      untilMs: nowMs + windowMs,
      count: 0,
      told: 0,
      toldAtMs: Number.NEGATIVE_INFINITY,
      words: new Map<string, number>(),
      detail: undefined,
    };
    this.#windows.set(key, window);
    return window;
  }

  #forget(nowMs: number): void {
    for (const [key, { untilMs }] of this.#windows) if (untilMs <= nowMs) this.#windows.delete(key);
  }
}

/** Such as `rate.limited 17, message.too_large 3; session abc`. */
function detailOf({ words, detail }: Window): string {
  const counted = [...words].map(([word, count]) => `${word} ${count}`).join(', ');
  return detail === undefined ? counted : `${counted}; ${detail}`;
}
