/**
 * The characters of a text: its Unicode code points, which is what limits and receipts count. Unlike UTF-16 code
 * units they are the same number in every language that a client is written in.
 */
export function countCharacters(text: string): number {
  let characters = 0;
  for (const _ of text) characters += 1;
  return characters;
}
