import { randomBytes } from 'node:crypto';
import {
  type Answerer,
  type AskBounds,
  MAX_ASKED_UNITS,
  MAX_ASKS,
  type NodeAsks,
} from '../../../../application/ports/fleet/node-asks.ts';
import { PortError } from '../../../../application/ports/port-error.ts';
import type { RedisWire } from '../redis-wire.ts';

/** The channel that every node hears questions on; answers come on one of each node's own. */
const QUESTIONS = 'questions';
/** Random bytes of a node's name on the channels. */
const NAME_BYTES = 9;
const NAME = /^[\w-]{12}$/;

interface Asked {
  readonly answers: string[];
  onAnswer(): void;
}

/** Carries questions between nodes over Redis; where there is no Redis nobody is asked. */
export class RedisNodeAsks implements NodeAsks {
  readonly #name = randomBytes(NAME_BYTES).toString('base64url');
  readonly #wire: RedisWire;
  readonly #asked = new Map<string, Asked>();
  #numbers = 0;

  constructor(wire: RedisWire) {
    this.#wire = wire;
    wire.subscribe(answersOf(this.#name), {
      onMessage: (text) => this.#hear(text),
      onActive: () => undefined,
    });
  }

  async ask(question: string, { withinMs, expected }: AskBounds): Promise<readonly string[]> {
    if (!this.#wire.isConnected || question.length > MAX_ASKED_UNITS) return [];
    if (this.#asked.size >= MAX_ASKS) throw new PortError('unavailable', 'nodes', 'too many questions wait');
    this.#numbers += 1;
    const number = String(this.#numbers);
    const answers: string[] = [];
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, withinMs);
      const enough = (): void => {
        clearTimeout(timer);
        resolve();
      };
      const onAnswer = (): void => {
        if (answers.length >= (expected ?? Number.POSITIVE_INFINITY)) enough();
      };
      this.#asked.set(number, { answers, onAnswer });
      onAnswer();
      this.#wire.publish(QUESTIONS, `${this.#name} ${number} ${question}`, enough);
    });
    this.#asked.delete(number);
    return answers;
  }

  answer(answerer: Answerer): () => void {
    return this.#wire.subscribe(QUESTIONS, {
      onMessage: (text) => {
        const { name, number, rest } = partsOf(text);
        if (name === this.#name || !NAME.test(name)) return;
        void answerer(rest).then(
          (answer) => {
            if (answer === undefined || answer.length > MAX_ASKED_UNITS) return;
            this.#wire.publish(answersOf(name), `${this.#name} ${number} ${answer}`);
          },
          () => undefined,
        );
      },
      onActive: () => undefined,
    });
  }

  #hear(text: string): void {
    const { number, rest } = partsOf(text);
    const asked = this.#asked.get(number);
    asked?.answers.push(rest);
    asked?.onAnswer();
  }
}

const answersOf = (name: string): string => `answers.${name}`;

/** Two words and what follows, which may have spaces. */
function partsOf(text: string): { readonly name: string; readonly number: string; readonly rest: string } {
  const first = text.indexOf(' ');
  const second = text.indexOf(' ', first + 1);
  return { name: text.slice(0, first), number: text.slice(first + 1, second), rest: text.slice(second + 1) };
}
