const { writeSync } = require('node:fs');
const ParallelBuffered = require('mocha/lib/nodejs/reporters/parallel-buffered.cjs');
const { failureText } = require('./failure-text.cjs');

/**
 * Mocha's reporter of a process that runs test files beside others. Such a process tells what came of a file when the
 * file is through; a failure is told at once here, since its file may never come to its end.
 */
module.exports = class WorkerReporter extends ParallelBuffered {
  constructor(runner, options) {
    super(runner, options);
    runner.on('fail', (runnable, error) => writeSync(2, failureText(runnable, error)));
  }
};
