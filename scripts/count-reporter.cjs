const { writeFileSync } = require('node:fs');
const Mocha = require('mocha');

/** The spec reporter, which also leaves its counts in the file that `reporterOptions.output` names. */
module.exports = class CountReporter extends Mocha.reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    runner.once('end', () => {
      const { passes, failures, pending } = this.stats;
      writeFileSync(options.reporterOptions.output, JSON.stringify({ passes, failures: failures + pending }));
    });
  }
};
