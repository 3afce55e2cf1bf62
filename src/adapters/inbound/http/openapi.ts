import { z } from 'zod';
import type { DomainErrorCode } from '../../../domain/domain-error.ts';
import { scopesOf } from '../../../domain/identity/permission.ts';
import { STATUS_OF } from './problem.ts';
import { type AnswerContract, MEDIA_TYPES, type Route } from './route.ts';

/** A JSON value, as documents are made of. */
type Json = Readonly<Record<string, unknown>>;

/** One service as the document presents it. */
export interface DocumentedService {
  /** The tag of its operations. */
  readonly name: string;
  readonly description: string;
  /** Where it answers by default. */
  readonly url: string;
  readonly routes: readonly Route[];
}

const PROBLEM: Json = {
  type: 'object',
  description: 'An error, as RFC 9457 describes it. `message` repeats `detail`; `code` is stable.',
  required: ['type', 'title', 'status', 'detail', 'code', 'message', 'requestId'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    code: { type: 'string' },
    message: { type: 'string' },
    requestId: { type: 'string' },
    errors: {
      type: 'array',
      description: 'One entry per faulty field.',
      items: {
        type: 'object',
        required: ['path', 'message'],
        properties: { path: { type: 'string' }, message: { type: 'string' } },
      },
    },
  },
};

/** Describes the routes of the services as one OpenAPI 3.1 document. */
export function openApiDocument(about: {
  readonly version: string;
  readonly services: readonly DocumentedService[];
}): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const service of about.services) {
    for (const route of service.routes) {
      const path = route.path.replaceAll(/:([A-Za-z]+)/g, '{$1}');
      const operations = paths[path] ?? {};
      operations[route.method] ??= { tags: [service.name], ...operationOf(route) };
      paths[path] = operations;
    }
  }
  return {
    openapi: '3.1.0',
    jsonSchemaDialect: 'https://json-schema.org/draft/2020-12/schema',
    info: {
      title: 'Holdfast',
      version: about.version,
      description: 'Streaming sessions that cannot be forged, hijacked, starved, double-billed or lost.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: about.services.map(({ url, description }) => ({ url, description })),
    tags: about.services.map(({ name, description }) => ({ name, description })),
    paths: Object.fromEntries(Object.entries(paths).sort(([left], [right]) => (left < right ? -1 : 1))),
    components: {
      schemas: { Problem: PROBLEM },
      securitySchemes: {
        accessToken: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description: 'From login or refresh.',
        },
        apiKey: {
          type: 'http',
          scheme: 'bearer',
          description: 'An API key, of which one of the scopes named is enough.',
        },
        sessionCookie: {
          type: 'apiKey',
          in: 'cookie',
          name: '__Host-holdfast',
          description:
            'Of a browser, from POST /api/auth/session. Writes need its csrfToken in X-CSRF-Token, and come from a page of the same origin.',
        },
        serviceKey: {
          type: 'http',
          scheme: 'bearer',
          description: 'The key that services of one deployment share.',
        },
      },
    },
  };
}

function operationOf(route: Route): Json {
  const parameters = [...parametersOf(route.params, 'path'), ...parametersOf(route.query, 'query')];
  return {
    operationId: route.operationId,
    summary: route.summary,
    security: securityOf(route),
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(route.body === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            content: { 'application/json': { schema: schemaOf(route.body, 'input') } },
          },
        }),
    responses: { ...answersOf(route), ...refusalsOf(route) },
  };
}

function securityOf({ permission }: Route): Json[] {
  if (permission === 'public') return [];
  if (permission === 'service') return [{ serviceKey: [] }];
  const scopes = scopesOf(permission);
  return [{ accessToken: [] }, { sessionCookie: [] }, ...(scopes.length === 0 ? [] : [{ apiKey: scopes }])];
}

function parametersOf(schema: z.ZodType | undefined, place: 'path' | 'query'): Json[] {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = schemaOf(schema, 'input') as {
    properties?: Readonly<Record<string, Json>>;
    required?: readonly string[];
  };
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    schema: property,
  }));
}

function answersOf(route: Route): Record<string, Json> {
  return Object.fromEntries(
    Object.entries(route.answers).map(([status, answer]) => [
      status,
      { description: answer.description, ...contentOf(answer) },
    ]),
  );
}

function contentOf({ schema }: AnswerContract): Json {
  if (schema === undefined) return {};
  if (typeof schema === 'string')
    return { content: { [MEDIA_TYPES[schema]]: { schema: { type: 'string' } } } };
  return { content: { 'application/json': { schema: schemaOf(schema, 'output') } } };
}

/** The refusals that are particular to the route by their status, and one entry for all others. */
function refusalsOf(route: Route): Record<string, Json> {
  const byStatus = new Map<number, DomainErrorCode[]>();
  for (const code of route.refusals ?? []) {
    byStatus.set(STATUS_OF[code], [...(byStatus.get(STATUS_OF[code]) ?? []), code]);
  }
  const content = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };
  const named = [...byStatus]
    .filter(([status]) => route.answers[status] === undefined)
    .map(([status, codes]) => [String(status), { description: codes.join(', '), content }] as const);
  return { ...Object.fromEntries(named), default: { description: 'Any other refusal', content } };
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, {
    io,
    unrepresentable: 'any',
    // Answers may carry more than is described, so that a newer server does not break an older client.
    override: ({ jsonSchema }) => {
      if (io === 'output' && jsonSchema.additionalProperties === false)
        delete jsonSchema.additionalProperties;
    },
  });
  return rest;
}
