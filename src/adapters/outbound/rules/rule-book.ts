import type { RE2JS } from 're2js';
import type { MadCode } from '../../../domain/control/mad-code.ts';

/** Where in an event a text stands: what is asked of a tool, what came back, what the model or a person said. */
export type Place = 'call' | 'result' | 'answer' | 'message';

/** All places, for whoever lists them. */
export const PLACES = ['call', 'result', 'answer', 'message'] as const satisfies readonly Place[];

/** Regular expressions of which one has to be found; absent where nothing is asked. */
export type AnyOf = readonly RE2JS[] | undefined;

/** What a tool is for, told by its name or by the names of its arguments. */
export interface ToolKind {
  readonly name: string;
  readonly tool: AnyOf;
  readonly member: AnyOf;
}

/** One rule: what it asks, all of which has to hold, and what it says. */
export interface Rule {
  readonly id: string;
  readonly code: MadCode;
  readonly reason: string;
  /** File and line, for whoever asks why. */
  readonly origin: string;
  readonly places: readonly Place[];
  readonly kinds: readonly string[] | undefined;
  readonly tool: AnyOf;
  readonly profile: AnyOf;
  readonly agent: AnyOf;
  readonly source: AnyOf;
  /** Found in a text, or, where the rule excuses, the whole of it. */
  readonly match: AnyOf;
  /** Whether the rule lets a text pass. */
  readonly excuses: boolean;
  readonly also: AnyOf;
}

/** Rules in their order, and the kinds that they speak of. */
export interface RuleBook {
  readonly kinds: readonly ToolKind[];
  readonly rules: readonly Rule[];
}
