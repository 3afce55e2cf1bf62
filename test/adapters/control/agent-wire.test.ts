import { expect } from 'chai';
import {
  clientFrameFromJson,
  decodeClientFrame,
  encodeServerFrame,
  MalformedFrame,
  type PolicySnapshot,
  SCHEMA_VERSION,
  serverFrameToJson,
} from '../../../src/adapters/inbound/control/agent-wire.ts';
import { independentClientFrame, independentServerFrame } from '../../support/independent-wire.ts';

const LOGIN = {
  login: {
    sessionId: 'session-1',
    llmStack: { provider: 'anthropic', model: 'm-1' },
    schemaVersion: SCHEMA_VERSION,
    source: 'claude-code',
    connectionId: 'connection-1',
  },
};
const LLM_EVENT = {
  eventId: 'event-1',
  invocationId: 'invocation-1',
  sessionId: 'session-1',
  runId: 'run-1',
  parentRunId: 'run-0',
  timestamp: '2026-01-02T03:04:05Z',
  pairType: 1,
  agent: { agentId: 'builder', systemPrompt: 'Build.', userInstruction: 'Go.' },
  parent: { agentId: 'planner', systemPrompt: 'Plan.', userInstruction: 'Ask.' },
  llm: {
    model: 'm-1',
    messages: [
      { role: 'user', content: 'naïve 漢字 🙂' },
      { role: 'tool', content: '' },
    ],
    output: 'Done.',
    toolCalls: [{ name: 'bash', args: '{"command":"ls"}', id: 'call-1' }],
    usage: { promptTokens: 1, completionTokens: -2, totalTokens: 2_147_483_647 },
  },
  connectionId: 'connection-1',
  metadataJson: Buffer.from('{"a":1}').toString('base64'),
  source: 'python',
};
const TOOL_EVENT = {
  eventId: 'event-2',
  pairType: 2,
  tool: { toolName: 'bash', toolCallId: 'call-1', input: 'ls', output: 'a.ts' },
};
const POLICY: PolicySnapshot = {
  mode: 'block',
  policyM0: false,
  policyM2: true,
  policyM3: false,
  policyM4: true,
  failClosedOnClassifierError: true,
};
const POLICY_JSON = { mode: 3, policyM2: true, policyM4: true, failClosedOnClassifierError: true };

/** One text for equal frames, whichever kind of array holds their bytes. */
const plain = (frame: unknown): string =>
  JSON.stringify(frame, (_key, value) =>
    value instanceof Uint8Array || value?.type === 'Buffer' ? Object.values(value.data ?? value) : value,
  );

describe('the agents’ wire, read', () => {
  it('takes a login with all its members', () => {
    expect(decodeClientFrame(independentClientFrame(LOGIN))).to.deep.equal({
      kind: 'login',
      login: LOGIN.login,
    });
  });

  it('gives the empty value to what a login leaves out', () => {
    expect(decodeClientFrame(independentClientFrame({ login: {} }))).to.deep.equal({
      kind: 'login',
      login: { sessionId: '', llmStack: null, schemaVersion: 0, source: '', connectionId: '' },
    });
  });

  it('takes events of models and of tools with all their members', () => {
    const frame = decodeClientFrame(
      independentClientFrame({ pairedBatch: { events: [LLM_EVENT, TOOL_EVENT] } }),
    );
    if (frame.kind !== 'batch') return expect.fail(`a ${frame.kind}`);
    const [llm, tool] = frame.events;
    expect(Buffer.from(llm?.metadataJson ?? []).toString()).to.equal('{"a":1}');
    const { metadataJson: _, ...members } = LLM_EVENT;
    expect(llm).to.deep.include(members);
    expect(tool).to.deep.include({
      eventId: 'event-2',
      pairType: 2,
      tool: TOOL_EVENT.tool,
      agent: null,
      runId: '',
    });
    expect(tool?.llm ?? null).to.equal(null);
  });

  it('takes an inventory', () => {
    const servers = [{ name: 'fs', transport: 'stdio', endpoint: '/bin/fs' }];
    expect(decodeClientFrame(independentClientFrame({ mcpInventory: { servers } }))).to.deep.equal({
      kind: 'inventory',
      servers,
    });
  });

  it('reads the JSON form as it reads the bytes', () => {
    for (const frame of [LOGIN, { pairedBatch: { events: [LLM_EVENT, TOOL_EVENT] } }, { mcpInventory: {} }]) {
      const bytes = decodeClientFrame(independentClientFrame(frame));
      expect(plain(clientFrameFromJson(frame))).to.equal(plain(bytes));
    }
  });

  it('refuses JSON that is not of the form, and quotes nothing of it', () => {
    for (const frame of [null, 7, [], {}, { login: 7 }, { pairedBatch: { events: 'secret' } }]) {
      expect(() => clientFrameFromJson(frame))
        .to.throw(MalformedFrame)
        .and.not.match(/secret/);
    }
  });
});

describe('the agents’ wire, written', () => {
  it('acknowledges a login with the policy and its source', () => {
    const bytes = encodeServerFrame({ kind: 'login_ack', policy: POLICY, source: 'claude-code' });
    expect(independentServerFrame(bytes)).to.deep.equal({
      loginAck: { policy: POLICY_JSON, source: 'claude-code' },
    });
  });

  it('tells a verdict', () => {
    const bytes = encodeServerFrame({
      kind: 'verdict',
      eventId: 'event-1',
      sessionId: 'session-1',
      madCode: 'M4.a',
      policy: { ...POLICY, mode: 'alert' },
      status: 'ok',
    });
    expect(independentServerFrame(bytes)).to.deep.equal({
      verdict: {
        eventId: 'event-1',
        sessionId: 'session-1',
        madCode: 'M4.a',
        policy: { ...POLICY_JSON, mode: 1 },
        status: 1,
      },
    });
  });

  for (const continueExecution of [true, false]) {
    it(`tells a decision to ${continueExecution ? 'go on' : 'stop'} as one that has been made`, () => {
      const frame = {
        kind: 'verdict',
        eventId: 'e',
        sessionId: 's',
        madCode: 'M3',
        policy: { ...POLICY, mode: 'hitl' },
        status: 'error',
        continueExecution,
      } as const;
      const told = independentServerFrame(encodeServerFrame(frame)) as { verdict: object };
      expect(told.verdict).to.deep.include({
        status: 2,
        hitl: continueExecution ? { continueExecution } : {},
      });
      expect(serverFrameToJson(frame)).to.have.nested.property('verdict.hitl');
    });
  }
});
