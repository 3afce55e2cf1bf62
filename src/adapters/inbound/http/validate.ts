import type { z } from 'zod';
import { DomainError } from '../../../domain/domain-error.ts';

/**
 * Checks a value against a schema and returns what the schema makes of it; without a schema, undefined.
 * `sentence` takes the place of the first fault in the refusal's detail.
 *
 * @throws DomainError `request.invalid` with one entry per fault, each with its path.
 */
export function validate(
  schema: z.ZodType | undefined,
  value: unknown,
  place: 'path' | 'query' | 'body',
  sentence?: string,
): unknown {
  if (schema === undefined) return undefined;
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const errors = result.error.issues.map((issue) => ({ path: issue.path.join('.'), message: issue.message }));
  const first = errors[0];
  const subject = first === undefined || first.path === '' ? `The ${place}` : first.path;
  const detail = sentence ?? `${subject}: ${first?.message ?? 'is not valid'}`;
  throw new DomainError('request.invalid', detail, { errors });
}
