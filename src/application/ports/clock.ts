/** The only source of time. Every rule reads it; nothing else in the program asks the system. */
export interface Clock {
  /** Unix milliseconds. Never less than it returned before. */
  nowMs(): number;
}
