/** A jest reporter that writes down what `npm test` needs to know: counts, in a file. */
import { writeFileSync } from 'node:fs';

/** Counts tests. A file that could not be run at all counts as one failure, a skipped test as one too. */
export default class TestCounter {
  onRunComplete(_contexts, results) {
    const counts = {
      passed: results.numPassedTests,
      failed: results.numFailedTests + results.numRuntimeErrorTestSuites,
      skipped: results.numPendingTests + results.numTodoTests,
    };
    writeFileSync(process.env.TEST_COUNTS_FILE, JSON.stringify(counts));
  }
}
