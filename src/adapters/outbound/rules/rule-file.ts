import { type Document, isNode, LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { parseMadCode, severityOf } from '../../../domain/control/mad-code.ts';
import { compilePattern, PatternRefused, wholePattern } from './pattern.ts';
import { PLACES, type Rule, type RuleBook, type ToolKind } from './rule-book.ts';

/** Largest file of rules, in bytes. */
export const MAX_RULE_FILE_BYTES = 262_144;
/** Most rules of one file. */
const MAX_RULES = 500;
/** Most regular expressions of which one condition names any. */
const MAX_ALTERNATIVES = 40;
/** Longest reason, in characters. */
const MAX_REASON_CHARACTERS = 300;
/** Most mistakes that are told of one file. */
const MAX_PROBLEMS = 20;

/** A file of rules that cannot be used. Each problem is a sentence with file and line. */
export class RuleFileRefused extends Error {
  override readonly name = 'RuleFileRefused';
  readonly problems: readonly string[];

  constructor(problems: readonly string[], options?: ErrorOptions) {
    super(problems.join('\n'), options);
    this.problems = problems;
  }
}

/** What one file says. */
export interface RuleFile extends RuleBook {
  /** Whether the starter's rules follow; its own answer for the starter is no. */
  readonly starter: boolean;
}

/** A name of `define` where it is used. */
const USE = /\{\{([a-z0-9-]+)\}\}/g;
/** Longest expression of `define`, in characters. */
const MAX_DEFINITION_CHARACTERS = 2_000;
const NAME = z
  .string()
  .regex(/^[a-z0-9]+([.-][a-z0-9]+)*$/, 'must be small letters and digits, joined by . or -');
const DEFINITIONS = z.record(NAME, z.string().min(1).max(MAX_DEFINITION_CHARACTERS)).default({});
const CODE = z.string().transform((text, context) => {
  try {
    return parseMadCode(text);
  } catch {
    context.addIssue({
      code: 'custom',
      message: 'must be M0, M2, M3 or M4, with a dot and a letter or without',
    });
    return z.NEVER;
  }
});
const CONDITIONS = ['kind', 'tool', 'profile', 'agent', 'source', 'match', 'also'] as const;

const oneOrMore = <T extends z.ZodType>(schema: T) =>
  z.union([schema.transform((one) => [one]), z.array(schema).min(1).max(MAX_ALTERNATIVES)]);

/** The form of a file whose patterns may use these definitions. */
function fileSchema(define: Readonly<Record<string, unknown>>) {
  const pattern = z.string().transform((source, context) => {
    try {
      return compilePattern(withDefinitions(source, define));
    } catch (error) {
      if (!(error instanceof PatternRefused)) throw error;
      context.addIssue({ code: 'custom', message: `is ${error.message}` });
      return z.NEVER;
    }
  });
  const patterns = oneOrMore(pattern).optional();
  const rule = z
    .strictObject({
      id: NAME,
      code: CODE,
      reason: z.string().min(1).max(MAX_REASON_CHARACTERS),
      in: oneOrMore(z.enum(PLACES)).default(['call']),
      kind: oneOrMore(z.string()).optional(),
      tool: patterns,
      profile: patterns,
      agent: patterns,
      source: patterns,
      match: patterns,
      also: patterns,
    })
    .refine((written) => CONDITIONS.some((condition) => written[condition] !== undefined), {
      message: `must ask something: one of ${CONDITIONS.join(', ')}`,
    });
  return z.strictObject({
    starter: z.boolean().default(true),
    define: DEFINITIONS,
    kinds: z.record(NAME, z.strictObject({ tool: patterns, member: patterns })).default({}),
    rules: z.array(rule).max(MAX_RULES),
  });
}

function withDefinitions(source: string, define: Readonly<Record<string, unknown>>): string {
  return source.replace(USE, (_, name: string) => {
    const defined = Object.hasOwn(define, name) ? define[name] : undefined;
    if (typeof defined !== 'string')
      throw new PatternRefused(`written with {{${name}}}, which "define" does not have`);
    return `(?:${defined})`;
  });
}

type Written = z.output<ReturnType<typeof fileSchema>>;

/**
 * Reads the text of a file of rules.
 *
 * @param path what the sentences call the file.
 * @param given kinds that its rules may speak of beside its own.
 * @throws RuleFileRefused.
 */
export function parseRules(path: string, text: string, given: readonly ToolKind[] = []): RuleFile {
  if (Buffer.byteLength(text) > MAX_RULE_FILE_BYTES) {
    throw new RuleFileRefused([`${path} is larger than ${MAX_RULE_FILE_BYTES} bytes.`]);
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { uniqueKeys: true, lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0) {
    throw new RuleFileRefused(
      document.errors
        .slice(0, MAX_PROBLEMS)
        .map(({ message, pos }) => `${path}:${lines.linePos(pos[0]).line}: ${message.split('\n')[0]}.`),
    );
  }
  const lineOf = (at: readonly PropertyKey[]): number => lineIn(document, lines, at);
  const content = plainContent(path, document);
  const parsed = fileSchema(definitionsOf(content)).safeParse(content);
  if (!parsed.success) throw new RuleFileRefused(problemsOf(path, parsed.error, content, lineOf));
  const file = parsed.data;
  const kinds = [
    ...Object.entries(file.kinds).map(([name, kind]) => ({ name, ...kind }) as ToolKind),
    ...given,
  ];
  const problems = crossProblems(path, file, kinds, lineOf);
  if (problems.length > 0) throw new RuleFileRefused(problems);
  const rules = file.rules.map((rule, at) => ruleOf(rule, `${path}:${lineOf(['rules', at])}`));
  return { starter: file.starter, kinds, rules };
}

function plainContent(path: string, document: Document.Parsed): unknown {
  try {
    return document.toJS({ maxAliasCount: 0 });
  } catch (error) {
    throw new RuleFileRefused([`${path}: ${(error as Error).message}.`], { cause: error });
  }
}

function definitionsOf(content: unknown): Readonly<Record<string, unknown>> {
  const define = (content as { define?: unknown } | null)?.define;
  return typeof define === 'object' && define !== null ? (define as Record<string, unknown>) : {};
}

/** The line of what a path leads to, or of the nearest thing around it. */
function lineIn(document: Document.Parsed, lines: LineCounter, at: readonly PropertyKey[]): number {
  for (let length = at.length; length >= 0; length -= 1) {
    const node = document.getIn(at.slice(0, length), true);
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  return 1;
}

/** Which rule a mistake is in, by its id or, without one, by its place. */
function ruleAt(content: unknown, path: readonly PropertyKey[]): string {
  if (path[0] !== 'rules' || typeof path[1] !== 'number') return '';
  const rule = (content as { rules: readonly unknown[] }).rules[path[1]];
  const id = (rule as { id?: unknown } | null)?.id;
  return ` rule ${typeof id === 'string' ? id : path[1] + 1}:`;
}

function problemsOf(
  path: string,
  error: z.ZodError,
  content: unknown,
  lineOf: (at: readonly PropertyKey[]) => number,
): string[] {
  return error.issues
    .flatMap(deepest)
    .slice(0, MAX_PROBLEMS)
    .map((issue) => {
      const inRule = issue.path[0] === 'rules' && issue.path.length > 1;
      const what = issue.path.slice(inRule ? 2 : 0).join('.');
      return `${path}:${lineOf(issue.path)}:${ruleAt(content, issue.path)} ${what === '' ? '' : `${what} `}${issue.message}.`;
    });
}

type Issue = z.core.$ZodIssue;

/** Of the forms that a member could have had, what is wrong with the one that came closest. */
function deepest(issue: Issue): readonly Issue[] {
  if (issue.code !== 'invalid_union') return [issue];
  const inner =
    issue.errors.find((issues) => issues.some(({ code }) => code !== 'invalid_type')) ??
    issue.errors[0] ??
    [];
  return inner.map((one) => ({ ...one, path: [...issue.path, ...one.path] }) as Issue).flatMap(deepest);
}

function crossProblems(
  path: string,
  file: Written,
  kinds: readonly ToolKind[],
  lineOf: (at: readonly PropertyKey[]) => number,
): string[] {
  const known = new Set(kinds.map(({ name }) => name));
  const seen = new Set<string>();
  return file.rules.flatMap(({ id, kind }, at) => {
    const found: string[] = [];
    const where = `${path}:${lineOf(['rules', at])}: rule ${id}:`;
    if (seen.has(id)) found.push(`${where} there is another rule of this id.`);
    seen.add(id);
    for (const name of kind ?? []) {
      if (!known.has(name))
        found.push(`${where} there is no kind ${name}; there are ${[...known].join(', ') || 'none'}.`);
    }
    return found;
  });
}

function ruleOf(written: Written['rules'][number], origin: string): Rule {
  const { id, code, reason, in: places, kind, tool, profile, agent, source, match, also } = written;
  const excuses = severityOf(code) === 0;
  return {
    id,
    code,
    reason,
    origin,
    places,
    kinds: kind,
    tool,
    profile,
    agent,
    source,
    match: excuses ? match?.map(wholePattern) : match,
    excuses,
    also,
  };
}
