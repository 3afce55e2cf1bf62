import { expect } from 'chai';
import fc from 'fast-check';
import { HandbookModel } from '../../../src/adapters/outbound/handbook/handbook-model.ts';
import { Ticker } from '../../../src/adapters/outbound/handbook/ticker.ts';
import { splitTokens } from '../../../src/adapters/outbound/handbook/tokens.ts';
import {
  completionRequest,
  describeCompletionModel,
  failureOf,
  partsOf,
  textOf,
} from '../../contracts/completion-model.ts';
import { ManualTimers } from '../../support/manual-timers.ts';

const REPOSITORY = new URL('../../../', import.meta.url).pathname;
const EMPTY_FOLDER = new URL('./no-such-folder/', import.meta.url).pathname;

const handbook = (tokensPerSecond = 0, documentRoot = REPOSITORY, timers = new ManualTimers()) =>
  new HandbookModel({ ticker: new Ticker({ clock: timers.clock, timers }), documentRoot, tokensPerSecond });

const asking = (content: string) => completionRequest({ messages: [{ role: 'user', content }] });

/** Hands out its answers at a pace only when the test asks it to stall. */
function fixture() {
  let paced = false;
  const fast = handbook();
  const slow = handbook(1);
  return {
    model: {
      stream: (request: Parameters<typeof fast.stream>[0]) => (paced ? slow : fast).stream(request),
      countPromptTokens: fast.countPromptTokens.bind(fast),
      estimatePromptTokens: fast.estimatePromptTokens.bind(fast),
    },
    stallNext: () => {
      paced = true;
    },
    close: async () => undefined,
  };
}

describeCompletionModel('HandbookModel', async () => fixture());

describe('HandbookModel', () => {
  it('says in its first words that it is a retrieval and no language model', async () => {
    for (const question of ['Hello, who are you?', '']) {
      const text = textOf(await partsOf(handbook().stream(asking(question))));
      expect(text).to.match(/^This is a retrieval from Holdfast's handbook, not a language model/);
    }
  });

  it('answers any question with at least 400 tokens, and counts each of them', async () => {
    const model = handbook();
    const question = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.lorem({ maxCount: 30 }),
      fc.constantFrom(
        '',
        ' ',
        '?',
        'Wie setze ich einen Stream fort?',
        '続きから再開するには？',
        'resume '.repeat(1_400),
      ),
    );
    await fc.assert(
      fc.asyncProperty(question, async (content) => {
        const parts = await partsOf(model.stream(asking(content)));
        const tokens = parts.reduce((sum, part) => sum + (part.kind === 'delta' ? part.tokens : 0), 0);
        expect(tokens).to.be.at.least(400);
        expect(tokens).to.equal(splitTokens(textOf(parts)).length);
        const end = parts.at(-1);
        expect(end?.kind === 'end' ? end.usage?.outputTokens : undefined).to.equal(tokens);
      }),
      { numRuns: 100 },
    );
  });

  it('says as much where the documents are not installed', async () => {
    const parts = await partsOf(handbook(0, EMPTY_FOLDER).stream(asking('zzqx')));
    expect(parts.length - 1).to.be.at.least(400);
  });

  it('gives the same answer to the same question, from a fresh index too', async () => {
    const first = textOf(await partsOf(handbook().stream(asking('What does a hold cost?'))));
    const second = textOf(await partsOf(handbook().stream(asking('What does a hold cost?'))));
    expect(second).to.equal(first);
  });

  it('finds the passage that a question is about, in spite of a typing mistake', async () => {
    for (const question of ['How do I resume a stream?', 'rezuming']) {
      const text = textOf(await partsOf(handbook(0, EMPTY_FOLDER).stream(asking(question))));
      expect(text).to.match(/question:\n\n▪ Resuming a stream \(built-in\)/);
    }
  });

  const FIRST_QUESTIONS = [
    ['What is Holdfast?', 'What is Holdfast?'],
    ['what is a hold', 'What is a hold or a reservation?'],
    ['How do I resume a stream?', 'How do I resume a stream?'],
    ['How are credits reserved?', 'How are credits reserved and charged?'],
    ['Why did I get 409?', 'Why did I get 409?'],
    ['How do I add a model?', 'How do I add a model?'],
    ['adding models', 'How do I add a model?'],
    ['what if the connection is lost', 'What happens when I lose the connection?'],
    ['How can I change the chat port?', 'How do I change the port or another setting?'],
    ['backup', 'Where is my data, and how do I back it up?'],
  ] as const;
  for (const [question, heading] of FIRST_QUESTIONS) {
    it(`answers "${question}" with the passage about it`, async () => {
      const text = textOf(await partsOf(handbook().stream(asking(question))));
      expect(text.slice(text.indexOf('▪')).split('\n')[0]).to.equal(`▪ ${heading} (docs/QUESTIONS.md)`);
    });
  }

  it('says that it has nothing close to a question about something else', async () => {
    for (const question of ['qwzx vbnm', 'Wie wird das Wetter?', '']) {
      const text = textOf(await partsOf(handbook().stream(asking(question))));
      expect(text).to.include('has nothing close to your question');
    }
  });

  it('shows text for a terminal, without the marks of Markdown', async () => {
    for (const question of [
      'Explain the update table',
      'streams.deadline setting',
      'Errors and their status',
    ]) {
      const text = textOf(await partsOf(handbook().stream(asking(question))));
      expect(text).to.not.match(/^\||^#+ |```|\*\*|<br>|<!--/m);
    }
  });

  it('answers the last question of a conversation', async () => {
    const messages = [
      { role: 'user' as const, content: 'What are credits?' },
      { role: 'assistant' as const, content: 'Credits are …' },
      { role: 'user' as const, content: 'Which commands are there?' },
    ];
    const text = textOf(await partsOf(handbook(0, EMPTY_FOLDER).stream(completionRequest({ messages }))));
    expect(text).to.match(/question:\n\n▪ Commands \(built-in\)/);
  });

  it('stops at the maximum with the reason length', async () => {
    const parts = await partsOf(handbook().stream(completionRequest({ maxOutputTokens: 256 })));
    expect(parts).to.have.length(257);
    expect(parts.at(-1)).to.deep.include({ kind: 'end', finishReason: 'length' });
  });

  it('keeps its pace without drift, however late the timers are', async () => {
    const timers = new ManualTimers();
    let seen = 0;
    const reading = (async () => {
      for await (const part of handbook(40, EMPTY_FOLDER, timers).stream(asking('x'))) {
        if (part.kind === 'delta') seen += 1;
        else return;
      }
    })();
    await until(() => timers.sleeping === 1);
    expect(seen).to.equal(1);
    for (let step = 0; step < 7; step += 1) await timers.advance(1_003);
    expect(seen).to.be.within(281, 282);
    await timers.advance(60_000);
    await reading;
  });

  it('drives a thousand streams with one timer', async () => {
    const timers = new ManualTimers();
    const model = handbook(50, EMPTY_FOLDER, timers);
    const controller = new AbortController();
    let started = 0;
    const readers = Array.from({ length: 1_000 }, async () => {
      for await (const part of model.stream({ ...asking('x'), signal: controller.signal })) {
        if (part.kind === 'delta' && part.text !== '') started += 1;
      }
    });
    const ends = Promise.allSettled(readers);
    await until(() => started === 1_000);
    expect(timers.sleeping).to.equal(1);
    controller.abort(new Error('enough'));
    expect((await ends).every(({ status }) => status === 'rejected')).to.equal(true);
    await timers.advance(20);
    expect(timers.sleeping).to.equal(0);
  });

  it('hears an abort between two tokens even when it goes as fast as it can', async () => {
    const controller = new AbortController();
    setImmediate(() => controller.abort(new Error('stopped')));
    const failure = await failureOf(handbook().stream({ ...asking('x'), signal: controller.signal }));
    expect(failure).to.have.property('message', 'stopped');
  });
});

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}
