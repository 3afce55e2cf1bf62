/** A failure as it is told the moment it comes: what failed, and all that its error says. */
exports.failureText = (runnable, error) => {
  const words = error?.stack ?? error?.message ?? String(error);
  return `  FAILED: ${runnable.fullTitle()}\n${words.replace(/^/gm, '      ')}\n`;
};
