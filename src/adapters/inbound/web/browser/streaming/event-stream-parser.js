/**
 * One event of an event stream, as it was written.
 *
 * @typedef {object} RawEvent
 * @property {string} id the last id that was named, empty when there was none
 * @property {string} type
 * @property {string} data
 */

/** Longest line and longest data of one event, in UTF-16 code units; a server of ours writes far shorter ones. */
export const MAX_EVENT_CHARS = 4_194_304;

/** Reads the form of `text/event-stream` (HTML Living Standard, 9.2.6), in pieces that may be cut anywhere. */
export class EventStreamParser {
  #rest = '';
  #afterReturn = false;
  #begun = false;
  #id = '';
  #type = '';
  /** @type {string[]} */
  #data = [];
  #dataChars = 0;

  /**
   * Takes the next piece of decoded text.
   *
   * @param {string} text
   * @returns {RawEvent[]} the events that it completes
   * @throws {Error} when a line or an event is longer than anything that a server of ours writes
   */
  push(text) {
    /** @type {RawEvent[]} */
    const events = [];
    let piece = text;
    if (!this.#begun && piece !== '') {
      this.#begun = true;
      if (piece.startsWith('\u{feff}')) piece = piece.slice(1);
    }
    // A line feed right after a carriage return belongs to it, also when the two came apart.
    if (this.#afterReturn && piece.startsWith('\n')) piece = piece.slice(1);
    if (text !== '') this.#afterReturn = text.endsWith('\r');
    const lines = (this.#rest + piece).split(/\r\n|\n|\r/);
    this.#rest = lines.pop() ?? '';
    if (this.#rest.length > MAX_EVENT_CHARS) throw new Error('A line of the event stream is too long');
    for (const line of lines) {
      const event = this.#line(line);
      if (event !== undefined) events.push(event);
    }
    return events;
  }

  /** @param {string} line */
  #line(line) {
    if (line === '') return this.#dispatch();
    const colon = line.indexOf(':');
    if (colon === 0) return undefined;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
    if (field === 'id' && !value.includes('\0')) this.#id = value;
    else if (field === 'event') this.#type = value;
    else if (field === 'data') {
      this.#data.push(value);
      this.#dataChars += value.length + 1;
      if (this.#dataChars > MAX_EVENT_CHARS) throw new Error('An event of the event stream is too long');
    }
    return undefined;
  }

  #dispatch() {
    const event =
      this.#data.length === 0
        ? undefined
        : { id: this.#id, type: this.#type === '' ? 'message' : this.#type, data: this.#data.join('\n') };
    this.#type = '';
    this.#data = [];
    this.#dataChars = 0;
    return event;
  }
}
