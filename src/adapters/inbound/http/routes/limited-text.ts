import type { z } from 'zod';
import { countCharacters } from '../../../../domain/streaming/count-characters.ts';

/** Limits a text by its characters, which are code points, as JSON Schema and most clients' languages count them. */
export const atMostCharacters = <T extends z.ZodType<string, string>>(maxLength: number, schema: T) =>
  schema
    .refine((text) => countCharacters(text) <= maxLength, `must have at most ${maxLength} characters`)
    .meta({ maxLength });
