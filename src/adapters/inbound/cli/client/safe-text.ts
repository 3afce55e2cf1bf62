/** What would draw nothing wrong although it is invisible: the joints of pictures, and those of joined scripts. */
const JOINTS = [
  String.raw`(?<=\p{Emoji})\u{fe0f}`,
  String.raw`(?<=[\p{Extended_Pictographic}\p{Emoji_Modifier}\u{fe0f}])\u{200d}(?=\p{Extended_Pictographic})`,
  String.raw`(?<=[\p{Script=Arabic}\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Tamil}\p{Script=Malayalam}\p{Script=Sinhala}])[\u{200c}\u{200d}](?=[\p{Script=Arabic}\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Tamil}\p{Script=Malayalam}\p{Script=Sinhala}])`,
].join('|');
/** Control, format (bidi among it), separator, lone surrogate and invisible characters, but newline and tab. */
const TREACHEROUS = new RegExp(
  String.raw`(?![\n\t]|${JOINTS})[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}\u{2800}]`,
  'gu',
);

/**
 * Makes foreign text fit for a terminal: what could move the cursor, reorder the line or hide is shown as
 * `\u{…}`. A model's answer, a title or an error's sentence could otherwise rewrite what the user reads.
 */
export const safeText = (text: string): string =>
  text.replace(TREACHEROUS, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
