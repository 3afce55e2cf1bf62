import { RE2JS } from 're2js';

/** Longest regular expression, in characters. */
const MAX_PATTERN_CHARACTERS = 2_000;
/** Most steps of the machine that a regular expression becomes: what a character costs at worst grows with it. */
const MAX_PATTERN_STEPS = 2_000;

/** Parts of an expression in which a capital is no letter of the text. */
const NOT_LETTERS = /\\[pP]\{[^}]*\}|\\x\{[^}]*\}|\\[\s\S]|\(\?P?<[^>]*>|\(\?[a-zA-Z-]+[:)]|\[:[^:\]]*:\]/g;

/** A regular expression that rules cannot have; the message says why, and could follow "is". */
export class PatternRefused extends Error {
  override readonly name = 'PatternRefused';
}

/**
 * Makes the machine of a regular expression in RE2's syntax, which has neither look-ahead nor back-references and
 * reads each character once. `^` and `$` are the ends of lines, and `.` stands for a line's characters.
 *
 * @throws PatternRefused when it is none, is too large, or could never match.
 */
export function compilePattern(source: string): RE2JS {
  if (source === '') throw new PatternRefused('empty, which everything would match');
  if (source.length > MAX_PATTERN_CHARACTERS) {
    throw new PatternRefused(`longer than ${MAX_PATTERN_CHARACTERS} characters`);
  }
  if (/[A-Z]/.test(source.replace(NOT_LETTERS, ''))) {
    throw new PatternRefused(
      'written with capitals, and could never match: texts are compared in small letters',
    );
  }
  let pattern: RE2JS;
  try {
    pattern = RE2JS.compile(source, RE2JS.MULTILINE);
  } catch (error) {
    throw new PatternRefused(`no regular expression of RE2 (${(error as Error).message})`, { cause: error });
  }
  if (pattern.programSize() > MAX_PATTERN_STEPS) {
    throw new PatternRefused(
      `too costly: it comes to more than ${MAX_PATTERN_STEPS} steps, mostly by counted repeats`,
    );
  }
  return pattern;
}

/** The same expression for a whole text as `argumentLines` lays it out, or for the value of its only member. */
export const wholePattern = (pattern: RE2JS): RE2JS =>
  RE2JS.compile(`\\A(?:\\n@[^\\n]*\\n)?(?:${pattern.pattern()})\\z`, RE2JS.MULTILINE);
