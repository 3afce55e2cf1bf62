import { EventEmitter, once } from 'node:events';
import { PassThrough } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect } from 'chai';
import type { WebSocket } from 'ws';
import type { AgentServices } from '../../../src/adapters/inbound/control/agent-services.ts';
import { AgentSocket, type SocketKeeper } from '../../../src/adapters/inbound/control/agent-socket.ts';
import type { ServerFrame } from '../../../src/adapters/inbound/control/agent-wire.ts';
import { CryptoIdSource } from '../../../src/adapters/outbound/system/crypto-id-source.ts';
import { DEFAULT_POLICY } from '../../../src/domain/control/control-policy.ts';
import type { ApiKeyId } from '../../../src/domain/identity/ids.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const FRAME: ServerFrame = {
  kind: 'login_ack',
  policy: {
    mode: 'block',
    policyM0: false,
    policyM2: false,
    policyM3: true,
    policyM4: true,
    failClosedOnClassifierError: true,
  },
  source: 'sdk',
};

/** A socket that writes down what is sent by it. */
class NotedSocket extends EventEmitter {
  readonly bufferedAmount = 0;
  readonly sent: string[] = [];

  send(): void {
    this.sent.push('frame');
  }
  ping(data: string): void {
    this.sent.push(`ping ${data}`);
    this.emit('pinged', data);
  }
  close(code: number): void {
    this.sent.push(`close ${code}`);
  }
  resume(): void {}
  terminate(): void {}
}

function world() {
  const socket = new NotedSocket();
  const services = { policies: { of: () => DEFAULT_POLICY } } as unknown as AgentServices;
  const keeper = {
    services,
    clock: new ManualClock(),
    ids: new CryptoIdSource(),
  } as unknown as SocketKeeper;
  const line = new AgentSocket(keeper, {
    socket: socket as unknown as WebSocket,
    wire: new PassThrough(),
    principal: { kind: 'agent', apiKeyId: 'key-1' as ApiKeyId, scopes: ['control'] },
    requestId: 'request-1',
    onConflict: () => undefined,
  });
  const tell = (): Promise<boolean> => {
    line.send(FRAME);
    return line.confirmed();
  };
  return { socket, line, tell, pong: (data: string) => socket.emit('pong', Buffer.from(data)) };
}

describe('whether frames have come', () => {
  it('is asked once for all of a turn, behind the last of them', async () => {
    const { socket, tell, pong } = world();
    const told = [tell(), tell(), tell()];
    await nextTurn();
    expect(socket.sent).to.deep.equal(['frame', 'frame', 'frame', 'ping 1']);
    pong('1');
    expect(await Promise.all(told)).to.deep.equal([true, true, true]);
  });

  it('is asked for later ones when the first answer is there, and with whatever goes out next', async () => {
    const { socket, tell, pong } = world();
    const first = tell();
    await nextTurn();
    const later = tell();
    await nextTurn();
    expect(socket.sent).to.deep.equal(['frame', 'ping 1', 'frame']);
    pong('1');
    expect(await first).to.equal(true);
    const last = tell();
    await nextTurn();
    expect(socket.sent.slice(3)).to.deep.equal(['frame', 'ping 2']);
    pong('2');
    expect(await Promise.all([later, last])).to.deep.equal([true, true]);
  });

  it('is asked for later ones though nothing goes out any more', async () => {
    const { socket, tell, pong } = world();
    void tell();
    await nextTurn();
    const later = tell();
    const pinged = once(socket, 'pinged');
    pong('1');
    expect(await pinged).to.deep.equal(['2']);
    pong('2');
    expect(await later).to.equal(true);
  });

  it('is asked before the server says goodbye, and an answer still counts', async () => {
    const { socket, line, tell, pong } = world();
    const told = tell();
    line.close(1001, 'The server stops');
    expect(socket.sent).to.deep.equal(['frame', 'ping 1', 'close 1001']);
    pong('1');
    expect(await told).to.equal(true);
  });
});
