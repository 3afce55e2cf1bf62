/** What the exit codes of the commands mean. */
export const EXIT = {
  /** Done, all promises hold. */
  done: 0,
  /** A promise is broken, or the answer is no. */
  no: 1,
  /** Wrong usage or configuration. */
  usage: 2,
  /** A service could not be reached. */
  unreachable: 3,
  /** Interrupted by the user, after tidying up. */
  interrupted: 130,
} as const;
