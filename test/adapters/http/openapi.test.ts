import { expect } from 'chai';
import { z } from 'zod';
import { openApiDocument } from '../../../src/adapters/inbound/http/openapi.ts';
import { defineRoute, type Route } from '../../../src/adapters/inbound/http/route.ts';

const ROUTES: readonly Route[] = [
  defineRoute({
    method: 'post',
    path: '/api/things/:id/parts',
    operationId: 'addPart',
    summary: 'Adds a part',
    permission: 'chat.use',
    params: z.object({ id: z.string().max(50) }),
    query: z.object({ dry: z.enum(['yes', 'no']).optional() }),
    body: z.object({ size: z.number().int().max(9) }),
    answers: { 201: { description: 'added', schema: z.object({ partId: z.string() }) } },
    refusals: ['chat.not_found', 'user.not_found', 'credit.insufficient'],
    handle: async () => ({ status: 201 }),
  }),
  defineRoute({
    method: 'get',
    path: '/api/things',
    operationId: 'followThings',
    summary: 'Follows things',
    permission: 'public',
    answers: { 200: { description: 'events', schema: 'event-stream' } },
    handle: async () => ({ status: 200 }),
  }),
];

describe('the OpenAPI document', () => {
  const document = openApiDocument({
    version: '1.2.3',
    services: [
      { name: 'things', description: 'Things', url: 'http://127.0.0.1:1', routes: ROUTES },
      { name: 'again', description: 'The same', url: 'http://127.0.0.1:2', routes: ROUTES },
    ],
  });
  const paths = document.paths as Record<string, Record<string, Record<string, unknown>>>;
  const operation = paths['/api/things/{id}/parts']?.post ?? {};

  it('describes parameters of path and query from their schemas', () => {
    expect(operation.parameters).to.deep.equal([
      { name: 'id', in: 'path', required: true, schema: { type: 'string', maxLength: 50 } },
      { name: 'dry', in: 'query', required: false, schema: { type: 'string', enum: ['yes', 'no'] } },
    ]);
  });

  it('describes the body as a caller may send it', () => {
    expect(operation.requestBody).to.nested.include({
      'content.application/json.schema.properties.size.maximum': 9,
    });
  });

  it('describes answers, refusals by status, and one entry for every other refusal', () => {
    const responses = operation.responses as Record<string, { description: string }>;
    expect(Object.keys(responses)).to.deep.equal(['201', '402', '404', 'default']);
    expect(responses[404]?.description).to.equal('chat.not_found, user.not_found');
  });

  it('says which credential opens a route', () => {
    expect(operation.security).to.deep.equal([
      { accessToken: [] },
      { sessionCookie: [] },
      { apiKey: ['chat'] },
    ]);
    expect(paths['/api/things']?.get?.security).to.deep.equal([]);
  });

  it('describes a route that two services answer once, under the first', () => {
    expect(operation.tags).to.deep.equal(['things']);
  });
});
