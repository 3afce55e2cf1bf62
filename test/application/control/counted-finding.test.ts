import { expect } from 'chai';
import { countedFinding } from '../../../src/application/control/counted-finding.ts';
import type { Classified, Finding } from '../../../src/application/ports/control/event-classifier.ts';
import { DEFAULT_POLICY } from '../../../src/domain/control/control-policy.ts';
import { parseMadCode } from '../../../src/domain/control/mad-code.ts';

const known = (code: string): Classified => ({
  kind: 'classified',
  code: parseMadCode(code),
  reason: code,
  rule: 'a.rule',
});
const atLeast = (code: string): Finding => ({ kind: 'error', reason: 'failed', known: known(code) });
const BLOCK = { ...DEFAULT_POLICY, mode: 'block' as const };
const CLOSED = { ...BLOCK, failClosedOnClassifierError: true };

describe('an event of which only a part could be found out', () => {
  for (const [policy, name] of [
    [BLOCK, 'open'],
    [CLOSED, 'closed'],
  ] as const) {
    it(`is what the policy halts for, where it fails ${name}`, () => {
      expect(countedFinding(atLeast('M3.a'), policy)).to.deep.equal(known('M3.a'));
      expect(countedFinding(atLeast('M2'), { ...policy, m2: true })).to.deep.equal(known('M2'));
    });

    it(`is not classified where what is known is no danger, where it fails ${name}`, () => {
      expect(countedFinding(atLeast('M2'), policy)).to.deep.equal(atLeast('M2'));
    });
  }

  it('is not classified where the policy fails closed and lets pass what is known: it may be worse', () => {
    expect(countedFinding(atLeast('M3.a'), { ...CLOSED, m3: false })).to.deep.equal(atLeast('M3.a'));
  });

  it('is the danger that is known where the policy fails open', () => {
    expect(countedFinding(atLeast('M3.a'), { ...BLOCK, m3: false })).to.deep.equal(known('M3.a'));
  });

  it('leaves alone what is known whole, and what nothing is known of', () => {
    for (const finding of [known('M0'), { kind: 'error', reason: 'failed' } as const])
      expect(countedFinding(finding, CLOSED)).to.equal(finding);
  });
});
