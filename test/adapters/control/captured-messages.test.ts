import { expect } from 'chai';
import { decodeClientFrame, pairedEventToJson } from '../../../src/adapters/inbound/control/agent-wire.ts';
import { CAPTURED } from '../../support/captured-agent-messages.ts';

describe('messages that a released SDK has written', () => {
  const frames = CAPTURED.messages.map(decodeClientFrame);

  it('are a login of the one schema that is spoken, and a batch for each event', () => {
    expect(frames.map(({ kind }) => kind)).to.deep.equal(['login', 'batch', 'batch']);
    const [first] = frames;
    expect(first?.kind === 'login' && first.login).to.deep.include({
      sessionId: CAPTURED.session,
      schemaVersion: 2,
      source: '',
      connectionId: '',
    });
  });

  it('are kept whole: a reviewer sees the call and what the model said to itself', () => {
    const batch = frames[1];
    if (batch?.kind !== 'batch') throw new Error('the second message is no batch');
    const event = pairedEventToJson(batch.bytes[0] as Uint8Array) as { readonly llm: object };
    expect(event.llm).to.deep.include({
      output: 'I will run it.',
      reasoning: 'The user wants it gone.',
    });
    expect(batch.events[0]?.llm?.toolCalls[0]).to.include({
      name: 'run_shell',
      args: '{"command": "rm -rf / --no-preserve-root"}',
    });
  });
});
