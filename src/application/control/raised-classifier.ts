import { type Severity, severityOf, worse } from '../../domain/control/mad-code.ts';
import type {
  Classified,
  ClassifiedEvent,
  EventClassifier,
  Finding,
} from '../ports/control/event-classifier.ts';

/** Beyond this nothing can be raised. */
const MOST_DANGEROUS: Severity = 4;

/**
 * Two classifiers beside each other: the second may make an event more dangerous than the first found it, never less.
 *
 * Where the second fails, an event is not classified, unless nothing could have raised it: what the first found is what it
 * is at the least.
 */
export class RaisedClassifier implements EventClassifier {
  readonly #first: EventClassifier;
  readonly #raising: EventClassifier;

  constructor(deps: { readonly first: EventClassifier; readonly raising: EventClassifier }) {
    this.#first = deps.first;
    this.#raising = deps.raising;
  }

  /** What could not be more dangerous need not wait for the other's turn, which might not come in time. */
  classifyAtOnce(event: ClassifiedEvent): Finding | undefined {
    const known = this.knownAtOnce(event);
    return known !== undefined && severityOf(known.code) === MOST_DANGEROUS ? known : undefined;
  }

  knownAtOnce(event: ClassifiedEvent): Classified | undefined {
    const first = this.#first.classifyAtOnce?.(event);
    return first?.kind === 'classified' ? first : undefined;
  }

  async classify(event: ClassifiedEvent, signal: AbortSignal): Promise<Finding> {
    const [first, raised] = await Promise.all([
      this.#first.classify(event, signal),
      this.#raising.classify(event, signal),
    ]);
    if (first.kind === 'error') return first;
    if (severityOf(first.code) === MOST_DANGEROUS) return first;
    if (raised.kind === 'error') return { kind: 'error', reason: raised.reason, known: first };
    return worse(first.code, raised.code) === first.code ? first : raised;
  }
}
