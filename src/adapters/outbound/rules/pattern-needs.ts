import type { RE2JS } from 're2js';

/** What a text has to have so that a pattern may be found in it: a literal, all of several things, or one of them. */
export type Need =
  | { readonly kind: 'literal'; readonly literal: string }
  | { readonly kind: 'all' | 'any'; readonly of: readonly Need[] };

/** What is looked for of a literal, in UTF-16 units: its beginning is as necessary as the whole. */
const MAX_LITERAL_UNITS = 12;

/** What the engine itself asks a text for before it runs a pattern (`Prefilter` of re2js): kinds by these numbers. */
interface EngineNeed {
  readonly type: number;
  readonly str: string;
  readonly subs: readonly EngineNeed[];
}
const EXACT = 1;
const ALL = 2;
const ANY = 3;

/**
 * What a text must have for a pattern to be found in it, as the engine has derived it from the pattern; undefined where
 * it has derived nothing, or what it has derived has a form that is not known here.
 */
export function needOf(pattern: RE2JS): Need | undefined {
  const derived: unknown = pattern.re2().prefilter;
  return isEngineNeed(derived) ? translated(derived) : undefined;
}

function isEngineNeed(derived: unknown): derived is EngineNeed {
  if (typeof derived !== 'object' || derived === null) return false;
  const { type, str, subs } = derived as Partial<EngineNeed>;
  if (typeof str !== 'string' || !Array.isArray(subs)) return false;
  if (type === EXACT) return str !== '' && subs.length === 0;
  return (type === ALL || type === ANY) && subs.length > 0 && subs.every(isEngineNeed);
}

const translated = ({ type, str, subs }: EngineNeed): Need =>
  type === EXACT
    ? { kind: 'literal', literal: str.slice(0, MAX_LITERAL_UNITS) }
    : { kind: type === ALL ? 'all' : 'any', of: subs.map(translated) };
