import {
  type Answerer,
  type AskBounds,
  MAX_ASKS,
  type NodeAsks,
} from '../../../../application/ports/fleet/node-asks.ts';
import { PortError } from '../../../../application/ports/port-error.ts';

/** The nodes of one process that ask each other; a node that is alone asks nobody. */
export class MemoryNodeAsks implements NodeAsks {
  readonly #nodes: Set<MemoryNodeAsks>;
  #answerer: Answerer | undefined;
  #asking = 0;

  /** `other`: one of the nodes that are asked; all of them ask each other. */
  constructor(other?: MemoryNodeAsks) {
    this.#nodes = other === undefined ? new Set() : other.#nodes;
    this.#nodes.add(this);
  }

  async ask(question: string, { withinMs, expected }: AskBounds): Promise<readonly string[]> {
    if (this.#asking >= MAX_ASKS) throw new PortError('unavailable', 'nodes', 'too many questions wait');
    const answerers = [...this.#nodes]
      .filter((node) => node !== this)
      .flatMap((node) => node.#answerer ?? []);
    if (answerers.length === 0) return [];
    this.#asking += 1;
    const answers: string[] = [];
    try {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, withinMs);
        const isEnough = (): void => {
          if (answers.length < (expected ?? Number.POSITIVE_INFINITY)) return;
          clearTimeout(timer);
          resolve();
        };
        isEnough();
        for (const answerer of answerers) {
          void answerer(question).then(
            (answer) => {
              if (answer !== undefined) answers.push(answer);
              isEnough();
            },
            () => undefined,
          );
        }
      });
    } finally {
      this.#asking -= 1;
    }
    return [...answers];
  }

  answer(answerer: Answerer): () => void {
    this.#answerer = answerer;
    return () => {
      if (this.#answerer === answerer) this.#answerer = undefined;
    };
  }
}
