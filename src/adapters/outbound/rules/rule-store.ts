import { readFileSync, statSync } from 'node:fs';
import type { RuleBook } from './rule-book.ts';
import { MAX_RULE_FILE_BYTES, parseRules, RuleFileRefused } from './rule-file.ts';

/** The rules that come with the program. */
const STARTER = new URL('starter-rules.yaml', import.meta.url);
/** What origins call them. */
const STARTER_NAME = 'starter-rules.yaml';

/** The rules that come with the program. */
export function starterRules(): RuleBook {
  return parseRules(STARTER_NAME, readFileSync(STARTER, 'utf8'));
}

/**
 * The rules of an operator's file, and behind them the starter's unless the file says otherwise; without a file the
 * starter's alone.
 *
 * @throws RuleFileRefused with every problem, when the file cannot be read or used.
 */
export function readRules(path: string | undefined): RuleBook {
  const starter = starterRules();
  if (path === undefined) return starter;
  let text: string;
  try {
    if (statSync(path).size > MAX_RULE_FILE_BYTES) {
      throw new RuleFileRefused([`${path} is larger than ${MAX_RULE_FILE_BYTES} bytes.`]);
    }
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof RuleFileRefused) throw error;
    const reason = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    throw new RuleFileRefused([`${path} cannot be read (${reason}).`], { cause: error });
  }
  const own = parseRules(path, text, starter.kinds);
  return { kinds: own.kinds, rules: own.starter ? [...own.rules, ...starter.rules] : own.rules };
}
