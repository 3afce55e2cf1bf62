/** Control, format (bidi among it), separator, lone surrogate and invisible characters, but newline and tab. */
const TREACHEROUS = /(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}\u{2800}]/gu;

/**
 * Makes foreign text fit for a terminal: what could move the cursor, reorder the line or hide is shown as
 * `\u{…}`. A model's answer, a title or an error's sentence could otherwise rewrite what the user reads.
 */
export const safeText = (text: string): string =>
  text.replace(TREACHEROUS, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
