import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import { expect } from 'chai';
import { RequestOrigin } from '../../../src/adapters/inbound/http/request-origin.ts';

/** A request as it came, by TLS or not. */
const from = (origin: string | undefined, host: string, tls = false): IncomingMessage =>
  ({
    headers: { host, ...(origin === undefined ? {} : { origin }) },
    socket: tls ? Object.create(TLSSocket.prototype) : {},
  }) as unknown as IncomingMessage;

const rules = new RequestOrigin({
  hosts: new Set(['localhost', '127.0.0.1', '[::1]', 'chat.example']),
  origins: new Set(['https://chat.example']),
});

describe('the origins that a request may come from', () => {
  for (const [origin, host, tls] of [
    ['https://chat.example', 'chat.example', false],
    ['https://chat.example', '127.0.0.1:3002', false],
    ['http://127.0.0.1:3002', '127.0.0.1:3002', false],
    ['http://localhost:3002', 'LOCALHOST:3002', false],
    ['http://[::1]:3002', '[::1]:3002', false],
    ['http://localhost', 'localhost:80', false],
    ['https://localhost:3002', 'localhost:3002', true],
  ] as const) {
    it(`are ${origin} at ${host}${tls ? ' by TLS' : ''}`, () =>
      expect(rules.isAllowed(from(origin, host, tls))).to.equal(true));
  }

  for (const [what, origin, host, tls] of [
    ['plain http of a public name', 'http://chat.example', 'chat.example', false],
    ['a public name on another port', 'https://chat.example:8443', 'chat.example:8443', true],
    ['another port of this machine', 'http://127.0.0.1:9', '127.0.0.1:3002', false],
    ['another name of this machine', 'http://localhost:3002', '127.0.0.1:3002', false],
    ['https where TLS is not spoken', 'https://127.0.0.1:3002', '127.0.0.1:3002', false],
    ['http where TLS is spoken', 'http://127.0.0.1:3002', '127.0.0.1:3002', true],
    ["a name that is not this server's", 'http://evil.example', 'evil.example', false],
    ['a hidden origin', 'null', 'localhost:3002', false],
    ['an empty one', '', 'localhost:3002', false],
    ['none', undefined, 'localhost:3002', false],
    ['another case', 'HTTP://localhost:3002', 'localhost:3002', false],
    ['a slash behind it', 'http://localhost:3002/', 'localhost:3002', false],
    ['a user before it', 'http://localhost:3002@evil.example', 'localhost:3002', false],
    ['two', 'https://chat.example, https://evil.example', 'chat.example', false],
    ['a Host that is none', 'http://a b', 'a b', false],
  ] as const) {
    it(`are not ${what}`, () => expect(rules.isAllowed(from(origin, host, tls))).to.equal(false));
  }
});
