/** A change of one file: what stands there, and what takes its place. */
interface Hunk {
  readonly file: string;
  readonly before: string;
  readonly after: string;
}

/**
 * Applies a unified diff to texts. Lines are found by what they say and not by their numbers, so that a patch goes on
 * applying while the file around it changes.
 *
 * @throws Error when what a hunk changes is not there, or is there more than once.
 */
export function applyPatch(
  patch: string,
  read: (file: string) => string,
  write: (file: string, text: string) => void,
): void {
  const hunks = hunksOf(patch);
  if (hunks.length === 0) throw new Error('the patch changes nothing');
  for (const { file, before, after } of hunks) {
    const text = read(file);
    const places = text.split(before).length - 1;
    if (places !== 1) throw new Error(`${file} has ${places} places that look like\n${before}`);
    write(file, text.split(before).join(after));
  }
}

function hunksOf(patch: string): Hunk[] {
  const hunks: Array<{ file: string; before: string; after: string }> = [];
  let file = '';
  for (const line of patch.split('\n')) {
    if (line.startsWith('+++ b/')) file = line.slice('+++ b/'.length);
    else if (line.startsWith('@@')) hunks.push({ file, before: '', after: '' });
    const hunk = hunks.at(-1);
    if (hunk === undefined || hunk.file !== file || !/^[ +-]/.test(line) || /^(---|\+\+\+) /.test(line))
      continue;
    if (line[0] !== '+') hunk.before += `${line.slice(1)}\n`;
    if (line[0] !== '-') hunk.after += `${line.slice(1)}\n`;
  }
  return hunks;
}
