import { DomainError } from '../domain-error.ts';

/** How dangerous an event is: 0 benign, 2 worth telling, 3 and 4 dangerous. The wire has no 1. */
export type Severity = 0 | 2 | 3 | 4;

/** What a classifier says of an event: `M`, the severity, and a letter for the kind where there is one, as `M3.b`. */
export type MadCode = string & { readonly __brand: 'MadCode' };

const FORM = /^M([0234])(\.[a-z])?$/;

/** Every severity, the most dangerous first. */
export const SEVERITIES = [4, 3, 2, 0] as const satisfies readonly Severity[];

/** The code of an event that nothing speaks against. */
export const BENIGN = 'M0' as MadCode;

/** @throws DomainError `request.invalid` when the text is no code. */
export function parseMadCode(text: string): MadCode {
  if (!FORM.test(text)) {
    throw new DomainError(
      'request.invalid',
      'A code is M0, M2, M3 or M4, with a dot and a letter or without',
    );
  }
  return text as MadCode;
}

export const severityOf = (code: MadCode): Severity => Number(code[1]) as Severity;

/** The code of a severity alone. */
export const codeOf = (severity: Severity): MadCode => `M${severity}` as MadCode;

/** The more dangerous of two codes; of equally dangerous ones the first. */
export const worse = (first: MadCode, second: MadCode): MadCode =>
  severityOf(second) > severityOf(first) ? second : first;
