import { plainText } from './plain-text.ts';
import { countTokens } from './tokens.ts';

/** A stretch of the handbook that can be shown by itself. */
export interface Passage {
  /** Unique in the handbook: the source, and the passage's number in it. */
  readonly id: string;
  /** The document it stands in, such as `docs/PROTOCOL.md`. */
  readonly source: string;
  /** The headings above it, outermost first, joined by ` › `. */
  readonly heading: string;
  /** Its text without Markdown's marks. */
  readonly text: string;
}

/** Longest passage, in tokens of the handbook; a longer section is split between its paragraphs. */
const MAX_PASSAGE_TOKENS = 220;
/** Most passages taken from one document. */
const MAX_PASSAGES_PER_DOCUMENT = 1_000;

const HEADING = /^(#{1,6})\s+(.+?)\s*#*$/;
const FENCE = /^\s*(```|~~~)/;

/** Splits a Markdown document into passages: by heading first, then between paragraphs. */
export function splitPassages(source: string, markdown: string): readonly Passage[] {
  return sectionsOf(markdown)
    .flatMap(({ heading, text }) => splitSection(plainText(text)).map((part) => ({ heading, text: part })))
    .slice(0, MAX_PASSAGES_PER_DOCUMENT)
    .map((part, index) => ({ id: `${source}#${index}`, source, ...part }));
}

interface Section {
  readonly heading: string;
  readonly text: string;
}

function sectionsOf(markdown: string): readonly Section[] {
  const sections: Section[] = [];
  const path: string[] = [];
  let lines: string[] = [];
  let fenced = false;
  const close = (): void => {
    const text = lines.join('\n').trim();
    if (text !== '') sections.push({ heading: path.filter((title) => title !== '').join(' › '), text });
    lines = [];
  };
  for (const line of markdown.split(/\r?\n/)) {
    if (FENCE.test(line)) fenced = !fenced;
    const heading = fenced ? null : HEADING.exec(line);
    if (heading === null) {
      lines.push(line);
      continue;
    }
    close();
    const depth = (heading[1] ?? '').length;
    path.length = Math.min(path.length, depth - 1);
    while (path.length < depth - 1) path.push('');
    path.push(heading[2] ?? '');
  }
  close();
  return sections;
}

function splitSection(text: string): readonly string[] {
  if (text === '') return [];
  if (countTokens(text) <= MAX_PASSAGE_TOKENS) return [text];
  const parts: string[] = [];
  let part = '';
  for (const { joint, piece } of piecesOf(text)) {
    const joined = part === '' ? piece : part + joint + piece;
    if (part !== '' && countTokens(joined) > MAX_PASSAGE_TOKENS) {
      parts.push(part);
      part = piece;
    } else {
      part = joined;
    }
  }
  return [...parts, part];
}

/** Paragraphs, and the lines of a list or a table one by one; what is longer than a passage is cut between words. */
function piecesOf(text: string): readonly { readonly joint: string; readonly piece: string }[] {
  return text
    .split('\n\n')
    .flatMap((paragraph) =>
      paragraph.split('\n').map((line, index) => ({ joint: index === 0 ? '\n\n' : '\n', line })),
    )
    .flatMap(({ joint, line }) => cutLong(line).map((piece) => ({ joint, piece })));
}

function cutLong(piece: string): readonly string[] {
  if (countTokens(piece) <= MAX_PASSAGE_TOKENS) return [piece];
  const words = piece.split(/(?<=\s)/);
  const cuts: string[] = [];
  let cut = '';
  for (const word of words) {
    if (cut !== '' && countTokens(cut + word) > MAX_PASSAGE_TOKENS) {
      cuts.push(cut.trimEnd());
      cut = '';
    }
    cut += word;
  }
  return [...cuts, cut.trimEnd()];
}
