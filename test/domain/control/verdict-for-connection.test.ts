import { expect } from 'chai';
import { type ControlPolicy, DEFAULT_POLICY } from '../../../src/domain/control/control-policy.ts';
import type { MadCode } from '../../../src/domain/control/mad-code.ts';
import { verdictForConnection } from '../../../src/domain/control/verdict-for-connection.ts';

const M3 = 'M3.b' as MadCode;
const ON: ControlPolicy = { ...DEFAULT_POLICY, mode: 'block' };
const ONLY_M4: ControlPolicy = { ...ON, m3: false };

describe('a verdict as one connection is told it', () => {
  it('says a halt in every member that a client may go by', () => {
    const told = verdictForConnection({ code: M3, status: 'ok' }, { now: ON, told: ON });
    expect(told).to.deep.equal({ code: M3, status: 'ok', continueExecution: false });
  });

  it('leaves what does not halt as it is', () => {
    for (const verdict of [
      { code: 'M0' as MadCode, status: 'ok' },
      { code: '', status: 'error' },
      { code: M3, status: 'ok', continueExecution: true },
    ] as const) {
      expect(verdictForConnection(verdict, { now: ON, told: ON })).to.deep.equal(verdict);
    }
  });

  it('halts one that was told an older policy by a code of that', () => {
    const told = verdictForConnection({ code: M3, status: 'ok' }, { now: ON, told: ONLY_M4 });
    expect(told).to.deep.equal({ code: 'M4', status: 'ok', continueExecution: false });
  });

  it("tells a person's no by a code that the connection halts for, whatever the event was", () => {
    const told = verdictForConnection(
      { code: 'M2' as MadCode, status: 'ok', continueExecution: false },
      { now: ON, told: ON },
    );
    expect(told).to.deep.equal({ code: 'M4', status: 'ok', continueExecution: false });
  });
});
