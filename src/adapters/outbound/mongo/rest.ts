import { randomInt } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';

/** What the longest possible rest grows by with each try, and where it stays, in milliseconds. */
const STEP_MS = 4;
const MAX_REST_MS = 100;

/**
 * Rests before another try at what others are at as well: by chance as long as up to a limit that grows with the tries
 * (full jitter), so that those who gave way at once do not meet again at once.
 */
export const restBefore = (tries: number): Promise<void> =>
  pause(randomInt(1, Math.min(MAX_REST_MS, STEP_MS * Math.max(1, tries)) + 1));
