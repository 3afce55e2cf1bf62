import { expect } from 'chai';
import type { Connections } from '../../../../src/adapters/inbound/ws/mux/connections.ts';
import { muxRoute } from '../../../../src/adapters/inbound/ws/mux/mux-route.ts';
import type { AdmittedUpgrade } from '../../../../src/adapters/inbound/ws/upgrade-guard.ts';
import { anna } from '../../../support/mux-world.ts';

describe('an upgrade that was let in while others came', () => {
  it('is refused as long as HTTP can say so, when they are as many as there may be', () => {
    let count = 19;
    let crowded = 0;
    const route = muxRoute({
      connections: {
        limits: { maxConnectionsPerPrincipal: 20 },
        countOf: () => count,
        onCrowded: () => {
          crowded += 1;
        },
      } as unknown as Connections,
      attempts: { count: async () => ({ kind: 'counted' }) } as never,
      networkOf: () => '192.0.2.1',
    });
    const request = { method: 'GET', headers: { 'sec-websocket-protocol': 'holdfast.mux.v1' } };
    const upgrade = { request, principal: anna(), requestId: 'request' } as unknown as AdmittedUpgrade;
    void route.check?.(upgrade.request, upgrade.principal);
    count = 20;
    expect(() => route.open(upgrade))
      .to.throw()
      .with.property('code', 'connection.limit_reached');
    expect(crowded).to.equal(1);
  });
});
