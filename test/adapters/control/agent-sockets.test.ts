import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import { expect } from 'chai';
import type { WebSocket } from 'ws';
import type { AgentServices } from '../../../src/adapters/inbound/control/agent-services.ts';
import { PING_EVERY_MS, PONG_WITHIN_MS } from '../../../src/adapters/inbound/control/agent-socket.ts';
import { AgentSockets } from '../../../src/adapters/inbound/control/agent-sockets.ts';
import { CryptoIdSource } from '../../../src/adapters/outbound/system/crypto-id-source.ts';
import { AgentConnections } from '../../../src/application/control/agent-connections.ts';
import { DEFAULT_POLICY } from '../../../src/domain/control/control-policy.ts';
import type { ApiKeyId } from '../../../src/domain/identity/ids.ts';
import type { AgentPrincipal } from '../../../src/domain/identity/principal.ts';
import { ownerOf } from '../../../src/domain/multiplexing/subscriber-owner.ts';
import { ManualTimers } from '../../support/manual-timers.ts';
import { RecordingMetrics } from '../../support/recording-metrics.ts';

const AGENT: AgentPrincipal = { kind: 'agent', apiKeyId: 'key-1' as ApiKeyId, scopes: ['control'] };

/** A socket that has sent nothing, and says what was done to it. */
class SilentSocket extends EventEmitter {
  readonly bufferedAmount = 0;
  readonly pings: string[] = [];
  code: number | undefined;
  isCut = false;

  ping(data: string): void {
    this.pings.push(data);
  }
  close(code: number): void {
    this.code = code;
    this.emit('close');
  }
  resume(): void {}
  pause(): void {}
  terminate(): void {
    this.isCut = true;
    this.emit('close');
  }
  pong(): void {
    this.emit('pong', Buffer.from(this.pings.at(-1) ?? ''));
  }
}

function world() {
  const timers = new ManualTimers();
  const { clock } = timers;
  const deliver = { left: async () => undefined, settled: async () => undefined };
  const routes = { left: async () => undefined, leaveAll: async () => undefined };
  const services = {
    ...{ deliver, routes, clock, connections: new AgentConnections(), slots: { waiting: 0 } },
    metrics: new RecordingMetrics(),
    policies: { of: () => DEFAULT_POLICY },
  } as unknown as AgentServices;
  const sockets = new AgentSockets({
    ...{ services, clock, timers, ids: new CryptoIdSource(), maxSockets: 9, maxBytes: 9_999 },
    sessions: { isLive: async () => true },
    loginEnds: { subscribe: () => () => undefined },
  } as unknown as ConstructorParameters<typeof AgentSockets>[0]);
  const add = (): SilentSocket => {
    const socket = new SilentSocket();
    sockets.add({
      socket: socket as unknown as WebSocket,
      wire: new PassThrough(),
      principal: AGENT,
      requestId: 'request-1',
      onConflict: () => undefined,
    });
    return socket;
  };
  return { timers, sockets, add };
}

describe("agents' sockets that say nothing", () => {
  it('7. read limit, server ping: are pinged for as long as they answer, and stay', async () => {
    const { timers, add } = world();
    const socket = add();
    for (let ping = 1; ping <= 4; ping += 1) {
      await timers.advance(PING_EVERY_MS + 1_000);
      expect(socket.pings).to.have.length(ping);
      socket.pong();
    }
    expect([socket.isCut, socket.code]).to.deep.equal([false, undefined]);
    socket.emit('close');
  });

  it('7. read limit, server ping: are cut when they do not answer in time, and others are not', async () => {
    const { timers, sockets, add } = world();
    const [deaf, alive] = [add(), add()];
    await timers.advance(PING_EVERY_MS + 1_000);
    alive.pong();
    await timers.advance(PONG_WITHIN_MS - 2_000);
    expect(deaf.isCut).to.equal(false);
    await timers.advance(3_000);
    expect([deaf.isCut, alive.isCut]).to.deep.equal([true, false]);
    expect(sockets.reading.readersOf(ownerOf(AGENT))).to.equal(1);
    alive.emit('close');
  });
});
