/**
 * Letters of other alphabets that are drawn as Latin ones (Unicode Technical Standard 39, the confusables of basic
 * Latin that survive NFKC and lower case).
 */
const PAIRS: ReadonlyArray<readonly [string, string]> = [
  ['аɑα', 'a'],
  ['Ьƅь', 'b'],
  ['сϲᴄ', 'c'],
  ['ԁɗ', 'd'],
  ['еҽєε', 'e'],
  ['ƒ', 'f'],
  ['ɡց', 'g'],
  ['һհ', 'h'],
  ['іıɩι', 'i'],
  ['јϳ', 'j'],
  ['κкᴋ', 'k'],
  ['ӏǀ', 'l'],
  ['мᴍ', 'm'],
  ['ոп', 'n'],
  ['оοօσ', 'o'],
  ['рρ', 'p'],
  ['ԛզ', 'q'],
  ['гᴦ', 'r'],
  ['ѕꜱ', 's'],
  ['тτᴛ', 't'],
  ['υսᴜ', 'u'],
  ['ѵνᴠ', 'v'],
  ['ԝѡᴡ', 'w'],
  ['хχ', 'x'],
  ['уүγ', 'y'],
  ['ᴢ', 'z'],
  ['‐‑‒–—−', '-'],
  ['⁄∕⧸', '/'],
  ['‘’‚‛ʼ', "'"],
  ['“”„', '"'],
  ['ǃ', '!'],
  ['∶։', ':'],
  ['¦∣', '|'],
];

const LATIN = new Map(
  PAIRS.flatMap(([drawn, latin]) => [...drawn].map((letter) => [letter, latin] as const)),
);
const DRAWN = new RegExp(`[${[...LATIN.keys()].join('')}]`, 'gu');

/** The text with every look-alike replaced by what it looks like. */
export const unmasked = (text: string): string =>
  text.replace(DRAWN, (letter) => LATIN.get(letter) ?? letter);
