import { expect } from 'chai';
import { MAX_PROMPT_MESSAGES, selectPrompt } from '../../../src/application/streaming/select-prompt.ts';
import { ScriptedModel } from '../../support/scripted-model.ts';
import { chatId } from '../../support/stream-builders.ts';
import { SCRIPTED, StreamingWorld } from '../../support/streaming-world.ts';

const model = new ScriptedModel();
const messages = (...contents: readonly string[]) =>
  contents.map((content, index) => ({
    role: index % 2 === 0 ? ('user' as const) : ('assistant' as const),
    content,
    timestampMs: index,
  }));
const contentsOf = (contextTokens: number, ...contents: readonly string[]): string[] =>
  selectPrompt(messages(...contents), model, { ...SCRIPTED, contextTokens, maxOutputTokens: 10 }).map(
    ({ content }) => content,
  );

describe('the prompt', () => {
  it('is the newest messages that fit the context beside an answer, oldest first', () => {
    expect(contentsOf(20, 'aaaaa', 'bbbbb', 'ccccc')).to.deep.equal(['bbbbb', 'ccccc']);
    expect(contentsOf(25, 'aaaaa', 'bbbbb', 'ccccc')).to.deep.equal(['aaaaa', 'bbbbb', 'ccccc']);
  });

  it('has no gap: what is older than a message that does not fit is left out too', () => {
    expect(contentsOf(20, 'a', 'bbbbbbbbbbbb', 'ccccc')).to.deep.equal(['ccccc']);
  });

  it('always has the newest message', () => {
    expect(contentsOf(20, 'a', 'c'.repeat(100))).to.deep.equal(['c'.repeat(100)]);
  });

  it('leaves half of the context to the messages however long an answer may be', () => {
    expect(contentsOf(12, 'aaa', 'ccc')).to.deep.equal(['aaa', 'ccc']);
  });

  it('is made after the slot is claimed, so that it ends with the very question', async () => {
    const world = await StreamingWorld.create();
    await world.finish(1, 'First answer.');
    await world.begin(1);
    const sent = world.model.call.request.messages.map(({ role, content }) => `${role}: ${content}`);
    expect(sent).to.deep.equal([
      'user: How does it work?',
      'assistant: First answer.',
      'user: How does it work?',
    ]);
    expect(await world.chats.messages(chatId(1), MAX_PROMPT_MESSAGES)).to.have.length(3);
  });
});
