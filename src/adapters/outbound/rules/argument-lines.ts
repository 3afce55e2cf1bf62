/** How often JSON may stand as text in JSON before it is left as text. */
const MAX_NESTED = 8;

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f' };
const MARKS = '[]{},:';
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** Up to the next string or mark of JSON. */
const BETWEEN = /[^"[\]{},:]+/y;
const EMPTY = /\{\s*\}/y;
const BEFORE_COLON = /\s*:/y;

/**
 * Lays arguments out as lines: the name of a member after an `@`, its value on the next line, the members of a list
 * on one line with blanks between, as a command's words.
 *
 * JSON is read from its text, not from what a parser makes of it: where a name stands twice, parsers disagree about
 * which one counts, and an agent's may be another than ours. Text that is no JSON stays as it is, and what only begins
 * like JSON is kept in both forms.
 */
export function argumentLines(text: string): string {
  return linesOf(text, 0);
}

function linesOf(text: string, depth: number): string {
  const start = text.trimStart()[0];
  if (depth > MAX_NESTED || (start !== '{' && start !== '[' && start !== '"')) return text;
  const parts: string[] = [];
  let followsValue = false;
  const value = (shown: string): void => {
    parts.push(followsValue ? ' ' : '\n', shown);
    followsValue = true;
  };
  for (let at = 0; at < text.length; ) {
    if (text.charCodeAt(at) === QUOTE) {
      const end = endOfString(text, at + 1);
      const string = unescaped(text.slice(at + 1, end));
      at = end + 1;
      if (isAt(BEFORE_COLON, text, at)) {
        parts.push('\n@', string);
        followsValue = false;
      } else value(linesOf(string, depth + 1));
    } else if (MARKS.includes(text[at] ?? '')) {
      if (text[at] === '{' && isAt(EMPTY, text, at)) value('{}');
      else followsValue &&= text[at] === ',';
      at += 1;
    } else {
      isAt(BETWEEN, text, at);
      const literal = text.slice(at, BETWEEN.lastIndex).trim();
      at = BETWEEN.lastIndex;
      if (literal !== '') value(literal);
    }
  }
  if (!isJson(text)) parts.push('\n', text);
  return parts.join('');
}

/** Where the closing quote stands, or the text ends. */
function endOfString(text: string, from: number): number {
  for (let at = from; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) return at;
    if (code === BACKSLASH) at += 1;
  }
  return text.length;
}

function isAt(sticky: RegExp, text: string, at: number): boolean {
  sticky.lastIndex = at;
  return sticky.test(text);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function unescaped(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replace(/\\(?:u([0-9a-fA-F]{4})|([\s\S]))/g, (_, hex: string | undefined, mark: string) =>
    hex === undefined ? (ESCAPES[mark] ?? mark) : String.fromCharCode(Number.parseInt(hex, 16)),
  );
}
