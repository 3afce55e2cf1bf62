import type { IndexTelling } from '../adapters/outbound/mongo/patient-indexes.ts';
import type { Log } from '../application/ports/log.ts';

const seconds = (ms: number): number => Math.round(ms / 1_000);

/** Says in the log why a node does not serve yet: the first start of a version that needs a new index makes it. */
export const tellOfIndexes = (log: Log): IndexTelling => ({
  onWait: (index, waitedMs) =>
    log.info(
      { index, waitedSeconds: seconds(waitedMs) },
      'MongoDB is making an index on a large collection, and this node serves when it is there',
    ),
  onMade: (index, waitedMs) =>
    log.info({ index, waitedSeconds: seconds(waitedMs) }, 'MongoDB has made the index'),
});
