const { relative } = require('node:path');

/** An error with what caused it, such as what a `fetch failed` really met. */
function wordsOf(error) {
  const words = error?.stack ?? error?.message ?? String(error);
  return error?.cause === undefined ? words : `${words}\ncaused by ${wordsOf(error.cause)}`;
}

/** A failure as it is told the moment it comes: what failed, and all that its error says. */
exports.failureText = (runnable, error) =>
  `  FAILED: ${runnable.fullTitle()}\n${wordsOf(error).replace(/^/gm, '      ')}\n`;

/** A failure in one line, such as for a list of all: what failed, the first line of why, and where. */
exports.failureLine = (runnable, error) => {
  const [why = 'skipped'] = (error?.message ?? '').split('\n').filter(Boolean);
  return `${runnable.fullTitle()}: ${why} (${relative(process.cwd(), runnable.file ?? '')})`;
};
