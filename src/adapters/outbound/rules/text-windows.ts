import { seen } from './normal-text.ts';

/** What one look of a pattern reads at most, in characters. */
const WINDOW_CHARACTERS = 32_768;
/** What two windows have in common, in characters: whatever is no longer is found wherever it stands. */
const OVERLAP_CHARACTERS = 4_096;
/** What is left of a stretch of a command in a text without its padding, in characters. */
const STRETCH_CHARACTERS = 4_096;
/** What is left of a word in a text without its padding, in characters. */
const WORD_CHARACTERS = 512;
/** Longest piece that counts as padding when it comes again and again (blanks, `''`, `-r -f `), in characters. */
const MAX_PIECE_CHARACTERS = 12;
/** How often a piece may follow itself before the rest is left out. */
const MAX_REPEATS = 16;

const LONG_WORD = new RegExp(`\\S{${WORD_CHARACTERS + 1},}`, 'g');
/** A part of a command line, up to what ends or joins commands. */
const LONG_STRETCH = new RegExp(`[^\\n;&|]{${STRETCH_CHARACTERS + 1},}`, 'g');

/** Parts of a text, or of work on it; undefined where others may have their turn before the next one. */
type Parts<Result = void> = Generator<string | undefined, Result, void>;

/**
 * The windows in which patterns look at a text, with `undefined` where others may have their turn. A text that is longer
 * than one window comes a second time without its padding, because what stands far apart would be in no window together:
 * `rm -rf`, ten thousand blanks, `/`.
 */
export function* windowsOf(text: string): Parts {
  yield* slices(text, OVERLAP_CHARACTERS);
  if (text.length <= WINDOW_CHARACTERS) return;
  const short = yield* withoutPadding(text);
  if (short.length < text.length) yield* slices(short, OVERLAP_CHARACTERS);
}

function* slices(text: string, overlap: number): Parts {
  for (let from = 0; ; from += WINDOW_CHARACTERS - overlap) {
    yield text.slice(from, from + WINDOW_CHARACTERS);
    if (from + WINDOW_CHARACTERS >= text.length) return;
    yield undefined;
  }
}

/** A long text without what nobody sees, what only repeats, and the middle of long words and of long commands. */
function* withoutPadding(text: string): Parts<string> {
  const visible = yield* changed(text, seen);
  const once = yield* unrepeated(visible);
  const short = yield* changed(once, (part) => part.replace(LONG_WORD, ends(WORD_CHARACTERS)));
  return short.replace(LONG_STRETCH, ends(STRETCH_CHARACTERS));
}

/** The text, changed part by part. */
function* changed(text: string, change: (part: string) => string): Parts<string> {
  let whole = '';
  for (const part of slices(text, 0)) {
    if (part === undefined) yield undefined;
    else whole += change(part);
  }
  return whole;
}

/** The text without a piece that has followed itself often enough. Each character is looked at once for each length. */
function* unrepeated(text: string): Parts<string> {
  // By the length of a piece: how many characters up to here are the same as those that many before them.
  const same = new Uint32Array(MAX_PIECE_CHARACTERS + 1);
  const kept: string[] = [];
  let from = 0;
  let isLeftOut = false;
  for (let at = 0; at < text.length; at += 1) {
    if (at % WINDOW_CHARACTERS === 0) yield undefined;
    const code = text.charCodeAt(at);
    let repeats = false;
    for (let length = 1; length <= MAX_PIECE_CHARACTERS; length += 1) {
      const run = text.charCodeAt(at - length) === code ? (same[length] ?? 0) + 1 : 0;
      same[length] = run;
      repeats ||= run > length * MAX_REPEATS;
    }
    if (repeats === isLeftOut) continue;
    if (repeats) kept.push(text.slice(from, at));
    else from = at;
    isLeftOut = repeats;
  }
  if (!isLeftOut) kept.push(text.slice(from));
  return kept.join('');
}

/** Leaves the beginning and the end of what is longer. */
const ends = (characters: number) => (text: string) =>
  text.slice(0, characters / 2) + text.slice(-characters / 2);
