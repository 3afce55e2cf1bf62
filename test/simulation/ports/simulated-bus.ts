import type { FleetBus, FleetListener } from '../../../src/application/ports/fleet/fleet-bus.ts';
import type { SeededRandom } from '../world/seeded-random.ts';
import type { SimulatedProcess } from '../world/simulated-process.ts';

/** How long a word takes, at the longest, in milliseconds. */
const LONGEST_WAY_MS = 300;

interface Ear {
  readonly process: SimulatedProcess;
  readonly listener: FleetListener;
}

/** The bus between the nodes of a run: it loses words, doubles them and says them in another order. */
export class SimulatedBus {
  readonly #random: SeededRandom;
  readonly #ears = new Set<Ear>();
  /** How likely a word is lost, and how likely it is heard twice. */
  #losses = 0;
  #isConnected = true;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  /** Makes it worse or better. Whoever is connected anew is told that he may have missed something. */
  become(losses: number, isConnected: boolean): void {
    this.#losses = losses;
    const isBack = isConnected && !this.#isConnected;
    this.#isConnected = isConnected;
    if (isBack) for (const ear of this.#ears) this.#tell(ear, (listener) => listener.onMissed());
  }

  /** The bus as one process has it. */
  of(process: SimulatedProcess): FleetBus {
    const bus = this;
    return {
      get isConnected() {
        return bus.#isConnected;
      },
      askToStop: (id) => this.#say((listener) => listener.onStopAsked?.(id)),
      tellRevoked: () => this.#say((listener) => listener.onRevoked?.()),
      tellMoved: (id, epoch) => this.#say((listener) => listener.onMoved?.(id, epoch)),
      tellControl: (word) => this.#say((listener) => listener.onControl?.(word)),
      listen: (listener) => this.#listen({ process, listener }),
    };
  }

  #listen(ear: Ear): () => void {
    this.#ears.add(ear);
    ear.process.onDeath(() => this.#ears.delete(ear));
    return () => {
      this.#ears.delete(ear);
    };
  }

  #say(word: (listener: FleetListener) => void): void {
    for (const ear of this.#ears) {
      const times = this.#isConnected && !this.#random.chance(this.#losses) ? 1 : 0;
      const again = times === 1 && this.#random.chance(this.#losses) ? 1 : 0;
      for (let time = 0; time < times + again; time += 1) this.#tell(ear, word);
    }
  }

  #tell(ear: Ear, word: (listener: FleetListener) => void): void {
    ear.process.after(this.#random.whole(0, LONGEST_WAY_MS), () => {
      if (this.#ears.has(ear)) word(ear.listener);
    });
  }
}
