import type { Answerer, AskBounds, NodeAsks } from '../../../src/application/ports/fleet/node-asks.ts';
import type { SeededRandom } from '../world/seeded-random.ts';
import type { SimulatedProcess } from '../world/simulated-process.ts';
import type { VirtualTime } from '../world/virtual-time.ts';

/** How long a question or an answer takes, at the longest, in milliseconds. */
const LONGEST_WAY_MS = 300;

/** What nodes of a run ask each other. Questions and answers are lost as often as is said. */
export class SimulatedAsks {
  readonly #time: VirtualTime;
  readonly #random: SeededRandom;
  readonly #answerers = new Map<SimulatedProcess, Answerer>();
  /** How likely a question to one node, or its answer, is lost. */
  losses = 0;

  constructor(time: VirtualTime, random: SeededRandom) {
    this.#time = time;
    this.#random = random;
  }

  /** As one process has them. */
  of(process: SimulatedProcess): NodeAsks {
    return {
      ask: (question, bounds) => this.#ask(process, question, bounds),
      answer: (answerer) => {
        this.#answerers.set(process, answerer);
        process.onDeath(() => this.#answerers.delete(process));
        return () => {
          this.#answerers.delete(process);
        };
      },
    };
  }

  #ask(asker: SimulatedProcess, question: string, { withinMs, expected = Infinity }: AskBounds) {
    const answers: string[] = [];
    return new Promise<readonly string[]>((resolve) => {
      asker.after(withinMs, () => resolve([...answers]));
      for (const [process, answerer] of this.#answerers) {
        if (process === asker) continue;
        this.#send(process, () => {
          const tell = (answer: string | undefined): void =>
            this.#send(asker, () => {
              if (answer !== undefined) answers.push(answer);
              if (answers.length >= expected) resolve([...answers]);
            });
          answerer(question).then(tell, () => undefined);
        });
      }
    });
  }

  #send(to: SimulatedProcess, happen: () => void): void {
    if (this.#random.chance(this.losses)) return;
    this.#time.after(this.#random.whole(1, LONGEST_WAY_MS), () => to.after(0, happen));
  }
}
