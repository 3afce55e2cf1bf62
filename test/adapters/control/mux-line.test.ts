import { expect } from 'chai';
import type { AgentCloseCode } from '../../../src/adapters/inbound/control/agent-line.ts';
import type { ServerFrame } from '../../../src/adapters/inbound/control/agent-wire.ts';
import { OWNED_BY_OTHER } from '../../../src/adapters/inbound/control/login-refusal.ts';
import {
  MAX_UNCONFIRMED_EVENTS,
  MuxLine,
  type MuxWay,
} from '../../../src/adapters/inbound/control/mux-line.ts';

const POLICY = {
  mode: 'block',
  policyM0: false,
  policyM2: false,
  policyM3: true,
  policyM4: true,
  failClosedOnClassifierError: false,
} as const;
const FRAME: ServerFrame = { kind: 'login_ack', policy: POLICY, source: 'sdk' };

describe('an agent’s line within a multiplexed session', () => {
  let said: unknown[];
  let full: Promise<void> | undefined;
  let confirm: Array<(hasCome: boolean) => void>;
  let rooms: number;
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  const line = (offset = 0): MuxLine => {
    const way: MuxWay = {
      event: (at, bytes) => {
        said.push([at, JSON.parse(Buffer.from(bytes).toString()).loginAck.source]);
        return full;
      },
      confirmed: () => new Promise((resolve) => confirm.push(resolve)),
      refuse: (code) => said.push(code),
      end: (code, reason) => said.push([code, reason]),
    };
    return new MuxLine(way, offset, () => {
      rooms += 1;
    });
  };
  beforeEach(() => {
    said = [];
    full = undefined;
    confirm = [];
    rooms = 0;
  });

  it('numbers its EVENTs on from those that the client has', () => {
    const own = line(41);
    expect([own.send(FRAME), own.send(FRAME)]).to.deep.equal(['sent', 'sent']);
    expect(said).to.deep.equal([
      [42, 'sdk'],
      [43, 'sdk'],
    ]);
  });

  it('puts off what the session’s queue has no room for, and tells when there is room again', async () => {
    let drain: () => void = () => undefined;
    full = new Promise((resolve) => {
      drain = resolve;
    });
    const own = line();
    expect([own.send(FRAME), own.send(FRAME)]).to.deep.equal(['sent', 'full']);
    expect(said).to.have.length(1);
    drain();
    await turn();
    expect(rooms).to.equal(1);
    full = undefined;
    expect(own.send(FRAME)).to.equal('sent');
    expect(said.at(-1)).to.deep.equal([2, 'sdk']);
  });

  it('puts off what comes after as many as may be unconfirmed, until one is confirmed', async () => {
    const own = line();
    const all = Array.from({ length: MAX_UNCONFIRMED_EVENTS }, () => own.confirmed());
    expect(own.send(FRAME)).to.equal('full');
    confirm[0]?.(true);
    expect(await all[0]).to.equal(true);
    expect(rooms).to.equal(1);
    expect(own.send(FRAME)).to.equal('sent');
  });

  const closes: ReadonlyArray<readonly [AgentCloseCode, string, readonly unknown[]]> = [
    [1002, 'none', ['params.invalid', [1002, 'none']]],
    [1008, OWNED_BY_OTHER, ['session.owned_by_other', [4403, OWNED_BY_OTHER]]],
    [1008, 'taken', [[4502, 'taken']]],
    [1011, 'mistake', [[1011, 'mistake']]],
    [4003, 'many', ['limit.sessions', [4029, 'many']]],
    [4401, 'ended', [[4401, 'ended']]],
  ];
  for (const [code, reason, expected] of closes) {
    it(`closes as the protocol has it where the wire closes with ${code} (${reason}), once`, async () => {
      const own = line();
      const read = own.read();
      own.close(code, reason);
      own.close(1011, 'again');
      expect(said).to.deep.equal(expected);
      await read;
    });
  }
});
