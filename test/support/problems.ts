import { expect } from 'chai';
import type { Answer } from './api-client.ts';

/**
 * Expects a refusal as callers read it: the status, the code, one sentence in every member that carries it, and the
 * headers that belong to the status. `mirror` is a member that repeats the sentence for older clients.
 */
export function expectProblem(answer: Answer, status: number, code: string, mirror?: 'error'): void {
  const { body, headers } = answer;
  expect([answer.status, body.code], JSON.stringify(body)).to.deep.equal([status, code]);
  expect(headers.get('content-type')).to.match(/^application\/problem\+json/);
  expect(body.status).to.equal(status);
  expect(body.type).to.be.a('string');
  expect(body.title).to.be.a('string').and.not.equal('');
  expect(body.message).to.be.a('string').and.not.equal('');
  expect(body.detail).to.equal(body.message);
  expect(body.requestId).to.equal(headers.get('x-request-id'));
  if (mirror !== undefined) expect(body[mirror]).to.equal(body.message);
  if (status === 401) expect(headers.get('www-authenticate')).to.equal('Bearer');
  if (status === 429 || status === 503) expect(Number(headers.get('retry-after'))).to.be.greaterThan(0);
}
