import { z } from 'zod';

/** Most models of one configuration. */
export const MAX_MODELS = 64;

/** A model of an OpenAI-compatible server as the configuration file's list `models` describes it. */
export const UPSTREAM_MODEL = z.strictObject({
  id: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._:/-]{0,99}$/, 'must be 1 to 100 letters, digits and . _ : / -'),
  name: z.string().min(1).max(100).optional(),
  description: z.string().max(1_000).default(''),
  capabilities: z.array(z.string().min(1).max(50)).max(20).default(['general']),
  /** Credits for 1,000 tokens, input and output alike. */
  price: z.number('needs a price in credits for 1,000 tokens').min(0).max(1_000_000),
  /** Most output tokens of one answer. */
  maxTokens: z.number().int().min(1).max(1_000_000).default(4_096),
  /** Prompt and answer together. */
  contextTokens: z.number().int().min(256).max(10_000_000).default(8_192),
  url: z.url({ protocol: /^https?$/, error: 'must be an http or https URL' }),
  /** File with the API key that is sent to this URL's origin alone. */
  keyFile: z.string().min(1).optional(),
  /** The model's name at its server when it differs from `id`. */
  upstreamModel: z.string().min(1).max(200).optional(),
});

/** A model of an OpenAI-compatible server. */
export type UpstreamModel = z.output<typeof UPSTREAM_MODEL>;
