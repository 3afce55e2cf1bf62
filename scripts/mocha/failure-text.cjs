/** An error with what caused it, such as what a `fetch failed` really met. */
function wordsOf(error) {
  const words = error?.stack ?? error?.message ?? String(error);
  return error?.cause === undefined ? words : `${words}\ncaused by ${wordsOf(error.cause)}`;
}

/** A failure as it is told the moment it comes: what failed, and all that its error says. */
exports.failureText = (runnable, error) =>
  `  FAILED: ${runnable.fullTitle()}\n${wordsOf(error).replace(/^/gm, '      ')}\n`;
