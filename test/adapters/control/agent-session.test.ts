import { expect } from 'chai';
import type { AgentLine } from '../../../src/adapters/inbound/control/agent-line.ts';
import type { AgentServices } from '../../../src/adapters/inbound/control/agent-services.ts';
import { AgentSession } from '../../../src/adapters/inbound/control/agent-session.ts';
import type { ClientFrame } from '../../../src/adapters/inbound/control/agent-wire.ts';
import { AgentConnections } from '../../../src/application/control/agent-connections.ts';
import { PortError } from '../../../src/application/ports/port-error.ts';
import { DEFAULT_POLICY } from '../../../src/domain/control/control-policy.ts';
import { DomainError } from '../../../src/domain/domain-error.ts';
import type { ApiKeyId } from '../../../src/domain/identity/ids.ts';
import { eventually } from '../../support/eventually.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { RecordingLog } from '../../support/recording-log.ts';
import { RecordingMetrics } from '../../support/recording-metrics.ts';

const LOGIN: ClientFrame = {
  kind: 'login',
  login: { sessionId: 'sess-1', connectionId: '', source: 'sdk', schemaVersion: 2 },
} as ClientFrame;

/** A session whose login comes to what a test says, and everything that its client is told. */
function world(refusal: unknown) {
  const told: string[] = [];
  const line: AgentLine = {
    send: ({ kind }) => {
      told.push(kind);
      return 'sent';
    },
    confirmed: async () => true,
    pause: () => undefined,
    resume: () => undefined,
    close: (code, reason) => told.push(`${code} ${reason}`),
  };
  const metrics = new RecordingMetrics();
  const routes = {
    enter: async () => {
      if (refusal !== undefined) throw refusal;
    },
    left: async () => undefined,
  };
  const services = {
    ...{ routes, metrics, log: new RecordingLog(), connections: new AgentConnections() },
    deliver: { look: () => undefined, left: async () => undefined },
    policies: { of: () => DEFAULT_POLICY },
    loginRates: { admit: () => undefined },
    clock: new ManualClock(),
  } as unknown as AgentServices;
  let conflicts = 0;
  const session = new AgentSession(services, {
    line,
    principal: { kind: 'agent', apiKeyId: 'key-1' as ApiKeyId, scopes: ['control'] },
    ...{ name: 'connection-1', requestId: 'request-1' },
    onConflict: () => {
      conflicts += 1;
    },
  });
  return { told, metrics, session, conflicts: () => conflicts };
}

describe("an agent's login", () => {
  it('is acknowledged once its session is its own', async () => {
    const { told, session, conflicts } = world(undefined);
    session.receive(() => LOGIN);
    await eventually(async () => expect(told).to.deep.equal(['login_ack']));
    expect([session.isLoggedIn, conflicts()]).to.deep.equal([true, 0]);
  });

  for (const [what, refusal, close, why] of [
    [
      'the session is another’s: 1008',
      new DomainError('subscriber.owned_by_other', 'Not yours'),
      '1008 session_id already active for another owner',
      'owned_by_other',
    ],
    [
      'all that its owner may have are connected: 4003',
      new DomainError('subscriber.limit_reached', 'Too many'),
      '4003 Too many sessions',
      '4003',
    ],
    [
      'the directory cannot be asked: 1011',
      new PortError('unavailable', 'store', 'away'),
      '1011 The server cannot look whose it is',
      '1011',
    ],
    [
      'the server is wrong: 1011, and says no more',
      new Error('a secret'),
      '1011 The server cannot look whose it is',
      '1011',
    ],
  ] as const) {
    it(`1. the owner check comes before the login_ack: nothing but a close comes where ${what}`, async () => {
      const { told, metrics, session, conflicts } = world(refusal);
      session.receive(() => LOGIN);
      await eventually(async () => expect(told).to.deep.equal([close]));
      expect(session.isLoggedIn).to.equal(false);
      expect(metrics.of('holdfast_control_refusals_total').map(({ labels }) => labels)).to.deep.equal([
        { why },
      ]);
      const code = close.slice(0, 4);
      expect(metrics.of('holdfast_control_closes_total').map(({ labels }) => labels)).to.deep.equal([
        { code },
      ]);
      expect(conflicts()).to.equal(why === 'owned_by_other' ? 1 : 0);
    });
  }
});
