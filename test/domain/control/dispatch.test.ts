import { expect } from 'chai';
import {
  type ControlPolicy,
  DEFAULT_POLICY,
  haltCode,
  isEnabled,
  requireKeepable,
} from '../../../src/domain/control/control-policy.ts';
import {
  type Classification,
  canBeHeld,
  decided,
  dispatch,
  type Stoppable,
} from '../../../src/domain/control/dispatch.ts';
import { parseMadCode } from '../../../src/domain/control/mad-code.ts';

const asksForTools: Stoppable = { pairType: 'llm', toolCalls: 1, source: 'python' };
const found = (code: string): Classification => ({
  kind: 'classified',
  code: parseMadCode(code),
  reason: 'a rule',
});
const broken: Classification = { kind: 'error', reason: 'too slow' };
const policy = (changed: Partial<ControlPolicy>): ControlPolicy => ({ ...DEFAULT_POLICY, ...changed });

const unstoppable: ReadonlyArray<readonly [string, Stoppable]> = [
  ['a tool has already run', { ...asksForTools, pairType: 'tool' }],
  ['a model asks for nothing', { ...asksForTools, toolCalls: 0 }],
  ['its plug-in asks its own user', { ...asksForTools, source: 'claude-code' }],
  ['its kind is not told', { ...asksForTools, pairType: 'unspecified' }],
];

describe('what becomes of an event under a policy', () => {
  for (const code of ['M0', 'M2', 'M3.a', 'M4']) {
    it(`alert: keeps ${code} and pushes nothing`, () => {
      expect(dispatch(found(code), asksForTools, DEFAULT_POLICY).kind).to.equal('store');
    });

    it(`block: sends ${code} without a person's word`, () => {
      expect(dispatch(found(code), asksForTools, policy({ mode: 'block' }))).to.deep.equal({
        kind: 'send',
        verdict: { code, status: 'ok' },
      });
    });
  }

  it('hitl: holds what is in scope and can be stopped', () => {
    expect(dispatch(found('M3.a'), asksForTools, policy({ mode: 'hitl' }))).to.deep.equal({
      kind: 'hold',
      reason: 'code_in_scope',
      verdict: { code: 'M3.a', status: 'ok' },
    });
  });

  it('hitl: sends what is out of scope at once', () => {
    expect(dispatch(found('M2'), asksForTools, policy({ mode: 'hitl' })).kind).to.equal('send');
    expect(dispatch(found('M2'), asksForTools, policy({ mode: 'hitl', m2: true })).kind).to.equal('hold');
  });

  for (const [why, event] of unstoppable) {
    it(`hitl: sends at once where ${why}`, () => {
      expect(canBeHeld(event)).to.equal(false);
      expect(dispatch(found('M4'), event, policy({ mode: 'hitl' })).kind).to.equal('send');
    });
  }
});

describe('an event that could not be classified', () => {
  const closed = { failClosedOnClassifierError: true };
  const halt = { code: 'M4', status: 'error', continueExecution: false };
  const open = { code: '', status: 'error' };

  it('alert: is kept as it is', () => {
    expect(dispatch(broken, asksForTools, DEFAULT_POLICY)).to.deep.equal({ kind: 'store', verdict: open });
    expect(dispatch(broken, asksForTools, policy(closed))).to.deep.equal({ kind: 'store', verdict: halt });
  });

  it('block: halts where the policy fails closed, and says nothing where it fails open', () => {
    expect(dispatch(broken, asksForTools, policy({ mode: 'block', ...closed })).verdict).to.deep.equal(halt);
    expect(dispatch(broken, asksForTools, policy({ mode: 'block' })).verdict).to.deep.equal(open);
  });

  it('halts with the most dangerous code that the policy enables', () => {
    const only2 = policy({ mode: 'block', m3: false, m4: false, m2: true, ...closed });
    expect(dispatch(broken, asksForTools, only2).verdict.code).to.equal('M2');
  });

  it('hitl: asks a person where something can be stopped, and halts the rest', () => {
    const hitl = policy({ mode: 'hitl', ...closed });
    expect(dispatch(broken, asksForTools, hitl)).to.include({ kind: 'hold', reason: 'classifier_error' });
    for (const [, event] of unstoppable) {
      expect(dispatch(broken, event, hitl)).to.deep.equal({ kind: 'send', verdict: halt });
    }
  });

  it('hitl: lets it go on where the policy fails open', () => {
    expect(dispatch(broken, asksForTools, policy({ mode: 'hitl' }))).to.deep.equal({
      kind: 'send',
      verdict: open,
    });
  });
});

describe('a policy', () => {
  it('that fails closed and enables nothing is refused', () => {
    const nothing = { m0: false, m2: false, m3: false, m4: false };
    expect(() => requireKeepable(policy({ ...nothing, failClosedOnClassifierError: true })))
      .to.throw()
      .with.property('code', 'request.invalid');
    expect(requireKeepable(policy(nothing))).to.include(nothing);
    expect(haltCode(policy(nothing))).to.equal(undefined);
  });

  it('is for alerts about M3 and M4 until somebody decides otherwise', () => {
    expect(DEFAULT_POLICY.mode).to.equal('alert');
    const enabled = ['M0', 'M2', 'M3.c', 'M4'].filter((code) =>
      isEnabled(DEFAULT_POLICY, parseMadCode(code)),
    );
    expect(enabled).to.deep.equal(['M3.c', 'M4']);
  });
});

describe("a person's decision", () => {
  const hitl = policy({ mode: 'hitl' });

  it('lets the agent go on with the code that was found', () => {
    expect(decided('approved', parseMadCode('M3.a'), hitl)).to.deep.equal({
      code: 'M3.a',
      status: 'ok',
      continueExecution: true,
    });
  });

  for (const decision of ['rejected', 'expired'] as const) {
    it(`halts it when ${decision}, with a code that its policy enables`, () => {
      expect(decided(decision, parseMadCode('M3.a'), hitl)).to.deep.equal({
        code: 'M3.a',
        status: 'ok',
        continueExecution: false,
      });
      expect(decided(decision, parseMadCode('M3.a'), policy({ mode: 'hitl', m3: false })).code).to.equal(
        'M4',
      );
      expect(decided(decision, undefined, hitl)).to.deep.equal({
        code: 'M4',
        status: 'error',
        continueExecution: false,
      });
    });
  }
});
