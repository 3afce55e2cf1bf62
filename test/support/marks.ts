/** A payload that came where it does not belong. */
export interface Stray {
  /** Where it came. */
  readonly place: string;
  readonly payload: string;
  readonly why: string;
}

/** Most strays that are kept to be shown; all are counted. */
const SHOWN_STRAYS = 20;

/**
 * Whose every place is, by the mark that its payloads have to bear. Every payload is its session's mark and a number, so
 * that one of another session, one that comes twice and one out of order are all seen.
 */
export class Marks {
  readonly strays: Stray[] = [];
  /** Payloads that came where they belong. */
  arrived = 0;
  strayed = 0;
  readonly #marks = new Map<string, string>();
  readonly #last = new Map<string, number>();

  /** A place, such as a handle on a connection, is a session's from now on. */
  own(place: string, mark: string): void {
    this.#marks.set(place, mark);
  }

  payloadOf = (mark: string, number: number): string => `${mark} ${number}`;

  take(place: string, payload: string): void {
    const [mark, digits] = payload.split(' ');
    const number = Number(digits);
    const last = this.#last.get(place) ?? -1;
    if (mark !== this.#marks.get(place)) this.#stray(place, payload, `of ${this.#marks.get(place)}`);
    else if (!(number > last)) this.#stray(place, payload, `behind number ${last}`);
    else {
      this.arrived += 1;
      this.#last.set(place, number);
    }
  }

  #stray(place: string, payload: string, why: string): void {
    this.strayed += 1;
    if (this.strays.length < SHOWN_STRAYS) this.strays.push({ place, payload, why });
  }
}
