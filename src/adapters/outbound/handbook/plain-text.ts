const FENCE = /^\s*(```|~~~)/;
const COMMENT = /<!--[\s\S]*?-->/g;
const LIST_ITEM = /^\s*(?:[-*+]|\d+\.)\s/;
const TABLE_RULE = /^\|(?:\s*:?-+:?\s*\|)+\s*$/;
/** What code is set off with, in place of its fence. */
const CODE_INDENT = '    ';

/**
 * Rewrites Markdown as text that reads well in a terminal: a paragraph is one line, an item of a list or a row
 * of a table is one line, code is indented, and the marks of emphasis and links are gone. Paragraphs stand
 * apart by an empty line. Words are kept as they are.
 */
export function plainText(markdown: string): string {
  const blocks: string[][] = [];
  let lines: string[] = [];
  let code: string[] | undefined;
  const close = (): void => {
    if (lines.length > 0) blocks.push(plainBlock(lines));
    lines = [];
  };
  for (const line of markdown.replace(COMMENT, '').split(/\r?\n/)) {
    if (FENCE.test(line)) {
      close();
      if (code !== undefined) blocks.push(code);
      code = code === undefined ? [] : undefined;
    } else if (code !== undefined) {
      code.push(line === '' ? '' : CODE_INDENT + line);
    } else if (line.trim() === '') {
      close();
    } else {
      lines.push(line);
    }
  }
  close();
  if (code !== undefined) blocks.push(code);
  return blocks.map((block) => block.join('\n')).join('\n\n');
}

function plainBlock(lines: readonly string[]): string[] {
  if (lines[0]?.startsWith('|') === true) return plainTable(lines);
  const joined: string[] = [];
  for (const line of lines) {
    const last = joined.at(-1);
    if (last === undefined || LIST_ITEM.test(line)) joined.push(line.trim());
    else joined[joined.length - 1] = `${last} ${line.trim()}`;
  }
  return joined.map(plainWords);
}

/** Each row by itself, every cell after the first with its column's name: `- head — column: cell; …`. */
function plainTable(rows: readonly string[]): string[] {
  const hasHead = rows[1] !== undefined && TABLE_RULE.test(rows[1]);
  const columns = hasHead ? cellsOf(rows[0] ?? '') : [];
  return rows.slice(hasHead ? 2 : 0).map((row) => {
    const [first = '', ...others] = cellsOf(row);
    const named = others
      .map((cell, index) => ({ cell, column: columns[index + 1] ?? '' }))
      .filter(({ cell }) => cell !== '');
    if (named.length === 0) return `- ${first}`;
    if (others.length === 1) return `- ${first} — ${named[0]?.cell}`;
    return `- ${first} — ${named.map(({ cell, column }) => (column === '' ? cell : `${column}: ${cell}`)).join('; ')}`;
  });
}

const cellsOf = (row: string): string[] =>
  row
    .replace(/^\||\|\s*$/g, '')
    .split(/(?<!\\)\|/)
    .map((cell) => plainWords(cell.trim()));

const plainWords = (text: string): string =>
  text
    .replace(/<br\s*\/?>/g, ', ')
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/\*\*(.+?)\*\*/g, '$1')
    .replace(/(^|[\s(])\*(\S(?:.*?\S)?)\*(?=[\s).,:;]|$)/g, '$1$2');
