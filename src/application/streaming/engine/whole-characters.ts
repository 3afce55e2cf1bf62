/** Cuts a stream of text pieces so that none ends inside a surrogate pair, and no lone half of one is passed on. */
export class WholeCharacters {
  #heldBack = '';

  /** The text that can be passed on now: empty while only half a character is there. */
  push(piece: string): string {
    const text = this.#heldBack + piece;
    const last = text.charCodeAt(text.length - 1);
    const splits = last >= 0xd800 && last <= 0xdbff;
    this.#heldBack = splits ? text.slice(-1) : '';
    return (splits ? text.slice(0, -1) : text).toWellFormed();
  }

  /** What was held back when no more text comes: the replacement character for half a character. */
  flush(): string {
    const rest = this.#heldBack.toWellFormed();
    this.#heldBack = '';
    return rest;
  }
}

/** Bytes of the UTF-8 form of a well-formed text. */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) continue;
    // Each half of a surrogate pair stands for two of the four bytes.
    bytes += unit < 0x800 || (unit >= 0xd800 && unit <= 0xdfff) ? 1 : 2;
  }
  return bytes;
}

/** The longest beginning of a well-formed text that has at most `maxBytes` bytes of UTF-8, whole characters only. */
export function cutToBytes(text: string, maxBytes: number): string {
  let bytes = 0;
  let end = 0;
  for (const character of text) {
    bytes += utf8Length(character);
    if (bytes > maxBytes) break;
    end += character.length;
  }
  return text.slice(0, end);
}
