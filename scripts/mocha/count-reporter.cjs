const { writeFileSync } = require('node:fs');
const { relative } = require('node:path');
const Mocha = require('mocha');
const { failureLine, failureText } = require('./failure-text.cjs');

/** Test files that are named at the end because they took longest. */
const SLOWEST = 8;

/**
 * The spec reporter, which tells a failure whole as it comes and not only at the end, since a run may never come to
 * its end. What it has counted so far it leaves in the file that `reporterOptions.output` names: how many passed,
 * which failed and why, what began last, and which files are known to have begun.
 */
module.exports = class CountReporter extends Mocha.reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const seconds = new Map();
    const counted = { passes: 0, failures: [] };
    let begun = '';
    const keep = () => {
      const counts = { ...counted, begun, files: [...seconds.keys()] };
      writeFileSync(options.reporterOptions.output, JSON.stringify(counts));
    };
    const spend = ({ file, duration }) => {
      if (!file) return;
      const name = relative(process.cwd(), file);
      seconds.set(name, (seconds.get(name) ?? 0) + (duration ?? 0) / 1000);
    };
    for (const beginning of ['test', 'hook']) {
      runner.on(beginning, (runnable) => {
        begun = runnable.fullTitle();
        keep();
      });
    }
    const fail = (runnable, error) => counted.failures.push(failureLine(runnable, error));
    const ends = { pass: () => (counted.passes += 1), fail, pending: fail, 'hook end': () => {} };
    for (const [ending, count] of Object.entries(ends)) {
      // Before the spec reporter's own: what has been told has been counted.
      runner.prependListener(ending, (runnable, error) => {
        count(runnable, error);
        spend(runnable);
        keep();
      });
    }
    if (runner.isParallelMode()) runner.workerReporter(require.resolve('./worker-reporter.cjs'));
    else runner.on('fail', (runnable, error) => process.stderr.write(failureText(runnable, error)));
    runner.once('end', () => {
      const slowest = [...seconds].sort(([, a], [, b]) => b - a).slice(0, SLOWEST);
      for (const [name, took] of slowest) console.log(`${took.toFixed(1).padStart(7)} s in ${name}`);
    });
  }
};
