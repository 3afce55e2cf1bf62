import type { ReaderMark, ReaderMarks } from '../../../../application/ports/fleet/reader-marks.ts';
import type { NodeId } from '../../../../domain/streaming/node-id.ts';

/** The marks of the nodes of one process, which share one of these. */
export class MemoryReaderMarks implements ReaderMarks {
  readonly #marks = new Map<NodeId, ReaderMark>();

  async mark(mark: ReaderMark): Promise<void> {
    const last = this.#marks.get(mark.node);
    if (last === undefined || last.atMs <= mark.atMs) this.#marks.set(mark.node, mark);
  }

  async since(atMs: number): Promise<readonly ReaderMark[]> {
    return [...this.#marks.values()].filter((mark) => mark.atMs >= atMs);
  }
}
