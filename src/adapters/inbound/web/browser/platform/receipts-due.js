/** Where the list is kept, for all tabs of the browser. */
const KEY = 'holdfast.receipts-due';
/** Most streams that are remembered; an older one's receipt is given up, which costs nobody anything. */
const MOST = 50;

/**
 * The streams that were asked for in this browser and whose receipts are still due. What other clients of the same
 * user have asked for is theirs to acknowledge.
 */
export const receiptsDue = {
  /** @param {string} streamId */
  add: (streamId) => write([...read().filter((id) => id !== streamId), streamId].slice(-MOST)),
  /** @param {string} streamId */
  has: (streamId) => read().includes(streamId),
  /** @param {string} streamId */
  remove: (streamId) => write(read().filter((id) => id !== streamId)),
};

/** @returns {string[]} */
function read() {
  try {
    const stored = JSON.parse(localStorage.getItem(KEY) ?? '[]');
    return Array.isArray(stored) ? stored.filter((id) => typeof id === 'string') : [];
  } catch {
    return [];
  }
}

/** @param {string[]} streamIds */
function write(streamIds) {
  try {
    localStorage.setItem(KEY, JSON.stringify(streamIds));
  } catch {
    // A browser that keeps nothing sends fewer receipts, and loses nothing else.
  }
}
