import { unmasked } from './look-alikes.ts';

/** Characters that nobody sees: zero-width ones, marks of direction, soft hyphens, tags, variation selectors. */
const UNSEEN = /\p{Default_Ignorable_Code_Point}/gu;
/** Letters of the tag block, which spell a text that is not shown and that models read. */
const TAGS = /[\u{e0020}-\u{e007e}]/gu;
const NOT_ASCII = /\P{ASCII}/u;
/** What is to become one blank: several of them, or another one. A single blank, of which texts are full, stays. */
const BLANKS = /(?: (?=[ \t\u00a0\v\f\r])|[\t\u00a0\v\f\r])[ \t\u00a0\v\f\r]*/g;
/** A line that goes on in the next one. */
const CONTINUED = /\\\r?\n/;
/** Without one of these a shell reads what stands there. */
const MARKED = /["'`\\^$%{/]/;

/** Comments of SQL, which are none of a shell: there `/*` is everything and `--` ends the flags. */
const COMMENT = /\/\*|--\s/;
const COMMENTS = /\/\*[^*]{0,200}\*\/|--\s[^\n]*/g;

/** One text in the forms that rules look at. */
export interface NormalText {
  /** As a person sees it: small letters, one blank between words, look-alikes as what they look like. */
  readonly plain: string;
  /** As a shell would read it in the end: without quotes and escapes inside words, `$IFS` as a blank. */
  readonly shell: string;
  /** As a database would read it, without comments; absent where there are none. */
  readonly sql?: string;
  /** Whether nothing but capitals and blanks was changed: what looks like a quote is one, and holds what it seems to. */
  readonly isAsWritten: boolean;
}

/**
 * Undoes what leaves the meaning of a text alone and hides it from a pattern. Rules are asked about both forms, and
 * either is enough: undoing too much can hide nothing.
 */
export function normalText(text: string): NormalText {
  const small = text.toLowerCase();
  const folded = NOT_ASCII.test(text) ? unmasked(seen(text).normalize('NFKC').toLowerCase()) : small;
  const plain = folded.replace(/\\\r?\n/g, ' ').replace(BLANKS, ' ');
  return {
    plain,
    isAsWritten: folded === small && !CONTINUED.test(folded),
    shell: MARKED.test(plain) ? shellForm(plain) : plain,
    ...(COMMENT.test(plain) ? { sql: plain.replace(COMMENTS, ' ') } : {}),
  };
}

/** The text without what nobody sees, and with the letters of tags as letters. */
export const seen = (text: string): string =>
  text.replace(TAGS, (tag) => String.fromCodePoint((tag.codePointAt(0) ?? 0) - 0xe0000)).replace(UNSEEN, '');

function shellForm(plain: string): string {
  const shown = plain
    .replace(/\\x([0-7][0-9a-f])/g, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)).toLowerCase(),
    )
    .replace(/\\([01][0-7]{2})/g, (_, octal: string) =>
      String.fromCharCode(Number.parseInt(octal, 8)).toLowerCase(),
    )
    .replace(/%([2-7][0-9a-f])/g, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)).toLowerCase(),
    )
    .replace(/\$\{ifs[^}\n]{0,40}\}|\$ifs(?:\$[0-9])?/g, ' ')
    .replace(/\$(?:[@*]|\{[@*]\}|[0-9](?![0-9a-z]))/g, '')
    .replace(
      /(^|[\n;&|( ])\{([^\s{}]+,[^\s{}]*)\}/g,
      (_, before: string, words: string) => `${before}${words.replaceAll(',', ' ')}`,
    )
    .replace(/["'\\^`]/g, '')
    .replace(/\/(?:\.?\/)+/g, '/');
  // Most texts have none, and what looks for them begins at every slash.
  const resolved = shown.includes('/..') ? shown.replace(/\/[^/\s.]{1,100}\/\.\.(?=\/)/g, '') : shown;
  return resolved.replace(/ {2,}/g, ' ');
}
