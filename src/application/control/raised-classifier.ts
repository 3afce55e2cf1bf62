import { type Severity, severityOf, worse } from '../../domain/control/mad-code.ts';
import type { ClassifiedEvent, EventClassifier, Finding } from '../ports/control/event-classifier.ts';

/** From here on what the first says stands, whatever becomes of the other. */
const DANGEROUS: Severity = 3;
/** Beyond this nothing can be raised. */
const MOST_DANGEROUS: Severity = 4;

/**
 * Two classifiers beside each other: the second may make an event more dangerous than the first found it, never less.
 *
 * Where the second fails, an event that the first found dangerous stays that, and any other is not classified: what
 * might have been raised is not known to be harmless.
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
    const first = this.#first.classifyAtOnce?.(event);
    return first?.kind === 'classified' && severityOf(first.code) === MOST_DANGEROUS ? first : undefined;
  }

  async classify(event: ClassifiedEvent, signal: AbortSignal): Promise<Finding> {
    const [first, raised] = await Promise.all([
      this.#first.classify(event, signal),
      this.#raising.classify(event, signal),
    ]);
    if (first.kind === 'error') return first;
    if (raised.kind === 'error') return severityOf(first.code) >= DANGEROUS ? first : raised;
    return worse(first.code, raised.code) === first.code ? first : raised;
  }
}
