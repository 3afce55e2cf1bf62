import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { lookAtAccounting } from '../../../../src/adapters/outbound/http/accounting/look-at-accounting.ts';
import { expectFault } from '../../../support/faults.ts';

/** How long the test waits for a service that says nothing, in milliseconds. */
const PATIENCE_MS = 50;

describe('a look at accounting from elsewhere', () => {
  let server: Server;
  let origin: URL;
  let answer: RequestListener;
  beforeEach(async () => {
    server = createServer((request, response) => answer(request, response)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    origin = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  });
  afterEach(() => {
    server.close();
    server.closeAllConnections();
  });

  it('believes accounting that says that it can work', async () => {
    const asked: Array<string | undefined> = [];
    answer = ({ url }, response) => {
      asked.push(url);
      response.end('{"status":"ok"}');
    };
    await lookAtAccounting(origin);
    expect(asked).to.deep.equal(['/health/ready']);
  });

  for (const status of [503, 404, 302]) {
    it(`does not find accounting behind a ${status}`, async () => {
      answer = (_, response) => response.writeHead(status, { location: '/health/live' }).end();
      const fault = await expectFault(lookAtAccounting(origin), 'unavailable');
      expect(fault.dependency).to.equal('accounting');
    });
  }

  it('does not wait for ever for one that says nothing', async () => {
    answer = () => undefined;
    await expectFault(lookAtAccounting(origin, PATIENCE_MS), 'unavailable');
  });

  it('does not find one that is not there', async () => {
    server.close();
    await once(server, 'close');
    await expectFault(lookAtAccounting(origin), 'unavailable');
  });
});
