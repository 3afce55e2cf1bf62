import { expect } from 'chai';
import { pairedEventFromJson } from '../../../src/adapters/inbound/control/agent-wire.ts';
import { classifiedEvent } from '../../../src/adapters/inbound/control/classified-event.ts';

const NOBODY = { profile: undefined, source: '' };

describe('an event as classifiers are shown it', () => {
  it('has the tools that a model asks for, and its conversation', () => {
    const event = pairedEventFromJson({
      pairType: 'PAIR_TYPE_LLM',
      agent: { agentId: 'builder' },
      source: 'in the event',
      llm: {
        messages: [{ role: 'user', content: 'hi' }],
        output: 'ok',
        toolCalls: [{ name: 'bash', args: '{}', id: '1' }],
      },
    });
    expect(classifiedEvent(event, { profile: 'p', source: 'at login' })).to.deep.equal({
      pairType: 'llm',
      profile: 'p',
      agentId: 'builder',
      source: 'at login',
      calls: [{ name: 'bash', args: '{}' }],
      messages: [{ role: 'user', content: 'hi' }],
      output: 'ok',
    });
    expect(classifiedEvent(event, NOBODY).source).to.equal('in the event');
  });

  it('is what it has, whatever it calls itself', () => {
    const event = pairedEventFromJson({
      pairType: 'PAIR_TYPE_LLM',
      tool: { toolName: 'bash', input: 'ls', output: 'a' },
    });
    expect(classifiedEvent(event, NOBODY)).to.deep.include({
      pairType: 'tool',
      calls: [{ name: 'bash', args: 'ls' }],
      output: 'a',
    });
  });

  it('is of no kind when it has neither', () => {
    expect(classifiedEvent(pairedEventFromJson({ pairType: 2 }), NOBODY)).to.deep.include({
      pairType: 'unspecified',
      calls: [],
      messages: [],
    });
  });
});
