/** What would draw nothing wrong although it is invisible: the joints of pictures, and those of joined scripts. */
const JOINED_SCRIPTS =
  '[\\p{Script=Arabic}\\p{Script=Devanagari}\\p{Script=Bengali}\\p{Script=Tamil}\\p{Script=Malayalam}\\p{Script=Sinhala}]';
const JOINTS = [
  '(?<=\\p{Emoji})\\u{fe0f}',
  '(?<=[\\p{Extended_Pictographic}\\p{Emoji_Modifier}\\u{fe0f}])\\u{200d}(?=\\p{Extended_Pictographic})',
  `(?<=${JOINED_SCRIPTS})[\\u{200c}\\u{200d}](?=${JOINED_SCRIPTS})`,
].join('|');
/** Control, format (bidi among it), separator, lone surrogate and invisible characters, but newline and tab. */
const TREACHEROUS = new RegExp(
  `(?![\\n\\t]|${JOINTS})[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}\\p{Cs}\\p{Default_Ignorable_Code_Point}\\u{2800}]`,
  'gu',
);

/**
 * Makes text of somebody else fit to be shown: what could reorder a line or hide in it is written out as `\u{…}`. A
 * model's answer, a title or a user agent could otherwise show a reader something that is not there.
 *
 * @param {string} text
 */
export const visibleText = (text) =>
  text
    .replaceAll('\r\n', '\n')
    .replace(TREACHEROUS, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);

/**
 * Where a text that still grows may be cut so that both parts read as the whole does: after its last blank. Nothing
 * that joins characters reaches over one.
 *
 * @param {string} text
 */
export const settledLength = (text) => Math.max(text.lastIndexOf(' '), text.lastIndexOf('\n')) + 1;
