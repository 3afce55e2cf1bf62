import { z } from 'zod';
import { ConnectionUrl } from './connection-url.ts';

/** One setting: how its value is read, what holds when nobody sets it, and what it means. */
export interface Setting<T> {
  readonly schema: z.ZodType<T>;
  /** The default as an operator would write it; undefined when there is none. */
  readonly fallback: string | undefined;
  /** What an operator may write, in words. */
  readonly form: string;
  readonly meaning: string;
  /** Whether it may be given several times; in the environment separated by commas, in the file as a list. */
  readonly repeatable: boolean;
  /** Whether a flag without a value switches it on. */
  readonly boolean: boolean;
  /** A variable of the environment that every program calls it by, beside the one of this program's. */
  readonly commonVariable: string | undefined;
}

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

const setting = <T>(
  schema: z.ZodType<T>,
  form: string,
  fallback: string | undefined,
  meaning: string,
  more: { repeatable?: boolean; boolean?: boolean; commonVariable?: string } = {},
): Setting<T> => ({
  schema,
  form,
  fallback,
  meaning,
  repeatable: more.repeatable ?? false,
  boolean: more.boolean ?? false,
  commonVariable: more.commonVariable,
});

/** Any text, such as a path. */
export const text = (fallback: string, meaning: string): Setting<string> =>
  setting(z.string().min(1, 'must not be empty'), 'text', fallback, meaning);

/** Any text, or nothing. */
export const optionalText = (meaning: string): Setting<string | undefined> =>
  setting(z.string().min(1, 'must not be empty').optional(), 'text', undefined, meaning);

/** One of a closed set of words. */
export const choice = <const W extends string>(
  words: readonly [W, ...W[]],
  fallback: W,
  meaning: string,
): Setting<W> =>
  setting(
    z.enum(words, `must be one of ${words.join(', ')}`),
    `one of ${words.join(', ')}`,
    fallback,
    meaning,
  );

/** A whole number within bounds. */
export function integer(
  [least, most]: readonly [number, number],
  fallback: number,
  meaning: string,
): Setting<number> {
  const form = `a whole number from ${least} to ${most}`;
  return setting(wholeNumber(least, most), form, String(fallback), meaning);
}

function wholeNumber(least: number, most: number): z.ZodType<number> {
  const sentence = `must be a whole number from ${least} to ${most}`;
  return z
    .union(
      [
        z.number(),
        z
          .string()
          .regex(/^[0-9]{1,15}$/, sentence)
          .transform(Number),
      ],
      sentence,
    )
    .refine((value) => Number.isSafeInteger(value) && value >= least && value <= most, sentence);
}

/** A decimal number within bounds, or nothing. */
export function optionalDecimal(
  [least, most]: readonly [number, number],
  meaning: string,
): Setting<number | undefined> {
  const sentence = `must be a number from ${least} to ${most}`;
  const schema = z
    .union(
      [
        z.number(),
        z
          .string()
          .regex(/^[0-9]{1,12}(\.[0-9]{1,6})?$/, sentence)
          .transform(Number),
      ],
      sentence,
    )
    .refine((value) => Number.isFinite(value) && value >= least && value <= most, sentence)
    .optional();
  return setting(schema, `a number from ${least} to ${most}`, undefined, meaning);
}

/** A duration, such as `20s` or `15m`; its value is in milliseconds. */
export function duration(
  [least, most]: readonly [string, string],
  fallback: string,
  meaning: string,
): Setting<number> {
  const sentence = `must be a duration from ${least} to ${most}, such as 20s, 15m or 24h`;
  const schema = z
    .string(sentence)
    .transform((written) => durationMs(written) ?? Number.NaN)
    .refine((ms) => ms >= (durationMs(least) ?? 0) && ms <= (durationMs(most) ?? 0), sentence);
  return setting(schema, `a duration from ${least} to ${most}`, fallback, meaning);
}

/** Reads a duration as written, in milliseconds; undefined when it is none. A bare `0` needs no unit. */
export function durationMs(written: string): number | undefined {
  if (written === '0') return 0;
  const [, amount, unit] = /^([0-9]{1,9})(ms|s|m|h|d)$/.exec(written) ?? [];
  if (amount === undefined || unit === undefined) return undefined;
  return Number(amount) * UNIT_MS[unit as keyof typeof UNIT_MS];
}

/** Units of sizes; KB is 1,024 bytes. */
const UNIT_BYTES = { B: 1, KB: 1_024, MB: 1_048_576 } as const;

/** A size, such as `64KB`; its value is in bytes. */
export function size(
  [least, most]: readonly [string, string],
  fallback: string,
  meaning: string,
): Setting<number> {
  const sentence = `must be a size from ${least} to ${most}, such as 512B, 64KB or 1MB`;
  const schema = z
    .string(sentence)
    .transform((written) => sizeBytes(written) ?? Number.NaN)
    .refine((bytes) => bytes >= (sizeBytes(least) ?? 0) && bytes <= (sizeBytes(most) ?? 0), sentence);
  return setting(schema, `a size from ${least} to ${most}`, fallback, meaning);
}

function sizeBytes(written: string): number | undefined {
  const [, amount, unit] = /^([0-9]{1,9})(B|KB|MB)$/.exec(written) ?? [];
  if (amount === undefined || unit === undefined) return undefined;
  return Number(amount) * UNIT_BYTES[unit as keyof typeof UNIT_BYTES];
}

/** Units of rates. */
const RATE_UNIT_MS = { s: 1_000, min: 60_000, h: 3_600_000 } as const;
/** Most of anything in one unit of a rate. */
const MAX_RATE = 10_000_000;

/** How often something may be: so many in each unit of time. */
export interface RateValue {
  readonly tokens: number;
  readonly perMs: number;
}

/** A rate, such as `1000/min`. */
export function rate(fallback: string, meaning: string): Setting<RateValue> {
  const sentence = `must be a rate from 1 to ${MAX_RATE}, such as 10/s, 1000/min or 5000/h`;
  const schema = z.string(sentence).transform((written, context): RateValue => {
    const [, amount, unit] = /^([0-9]{1,8})\/(s|min|h)$/.exec(written) ?? [];
    const tokens = Number(amount);
    if (unit !== undefined && tokens >= 1 && tokens <= MAX_RATE) {
      return { tokens, perMs: RATE_UNIT_MS[unit as keyof typeof RATE_UNIT_MS] };
    }
    context.addIssue({ code: 'custom', message: sentence });
    return z.NEVER;
  });
  return setting(schema, 'a rate, such as 1000/min', fallback, meaning);
}

/** How often something is borne within a time. */
export interface ThresholdValue {
  readonly threshold: number;
  readonly windowMs: number;
}

/** Most that a threshold may be. */
const MAX_THRESHOLD = 1_000_000;

/** A count within a time, such as `20/10m`. */
export function threshold(fallback: string, meaning: string): Setting<ThresholdValue> {
  const sentence = `must be a count from 1 to ${MAX_THRESHOLD} within a time from 1s to 30d, such as 20/10m`;
  const schema = z.string(sentence).transform((written, context): ThresholdValue => {
    const [, amount, time] = /^([0-9]{1,7})\/([0-9]+[a-z]+)$/.exec(written) ?? [];
    const [count, windowMs] = [Number(amount), durationMs(time ?? '') ?? 0];
    const isCount = count >= 1 && count <= MAX_THRESHOLD;
    if (isCount && windowMs >= UNIT_MS.s && windowMs <= 30 * UNIT_MS.d) return { threshold: count, windowMs };
    context.addIssue({ code: 'custom', message: sentence });
    return z.NEVER;
  });
  return setting(schema, 'a count within a time, such as 20/10m', fallback, meaning);
}

/** A switch. */
export const flag = (meaning: string): Setting<boolean> =>
  setting(
    z.union(
      [z.boolean(), z.enum(['true', 'false', '1', '0']).transform((word) => word === 'true' || word === '1')],
      'must be true or false',
    ),
    'true or false',
    'false',
    meaning,
    { boolean: true },
  );

const httpUrl = z.string().transform((written, context) => {
  const url = URL.canParse(written) ? new URL(written) : undefined;
  const plain = url?.username === '' && url.password === '' && url.search === '' && url.hash === '';
  if (url === undefined || !plain || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    context.addIssue({
      code: 'custom',
      message: 'must be an http or https URL without user, query and fragment',
    });
    return z.NEVER;
  }
  return url;
});

/** The URL of another server, or nothing. */
export const optionalUrl = (meaning: string): Setting<URL | undefined> =>
  setting(httpUrl.optional(), 'an http or https URL', undefined, meaning);

/** The address of a store's servers, or nothing. */
export function optionalConnection(
  schemes: readonly [string, ...string[]],
  commonVariable: string,
  meaning: string,
): Setting<ConnectionUrl | undefined> {
  const form = `a URL that begins with ${schemes.map((scheme) => `${scheme}://`).join(' or ')}`;
  const schema = z.string().transform((written, context) => {
    const url = ConnectionUrl.read(written, schemes);
    if (url !== undefined) return url;
    context.addIssue({
      code: 'custom',
      message: `must be ${form}; what is special in a user or a password is percent-encoded`,
    });
    return z.NEVER;
  });
  return setting(schema.optional(), form, undefined, meaning, { commonVariable });
}

/** Any number of origins, as URLs that have nothing behind the host and port. */
export const origins = (meaning: string): Setting<URL[]> =>
  setting(
    listOf(httpUrl.refine((url) => url.pathname === '/', 'must be an http or https URL without a path')),
    'http or https URLs',
    undefined,
    meaning,
    { repeatable: true },
  );

/** Any number of words. */
export const words = (schema: z.ZodType<string, string>, form: string, meaning: string): Setting<string[]> =>
  setting(listOf(schema), form, undefined, meaning, { repeatable: true });

/** Most entries of one repeatable setting. */
const MAX_ENTRIES = 64;

function listOf<T>(entry: z.ZodType<T, string>): z.ZodType<T[]> {
  const split = z.string().transform((written) => written.split(',').map((part) => part.trim()));
  return z
    .union([z.array(z.string()), split])
    .pipe(z.array(entry).max(MAX_ENTRIES))
    .default([]);
}
