/** Longest token of the handbook's tokenizer without its leading white space, in code points. */
const MAX_TOKEN_CODE_POINTS = 12;

const TOKEN = new RegExp(`\\s*[^\\s]{1,${MAX_TOKEN_CODE_POINTS}}|\\s+`, 'gu');

/**
 * The handbook's own tokenizer: a token is the white space before a word and at most twelve code points of
 * the word; white space at the end of the text is one token more. Joined, the tokens are the text, and no
 * token ends inside a surrogate pair that the text completes.
 */
export const splitTokens = (text: string): readonly string[] => text.match(TOKEN) ?? [];

/** How many tokens {@link splitTokens} finds. */
export const countTokens = (text: string): number => splitTokens(text).length;
