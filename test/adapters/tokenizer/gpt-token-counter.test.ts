import { expect } from 'chai';
import fc from 'fast-check';
import {
  GptTokenCounter,
  MESSAGE_OVERHEAD_TOKENS,
  PROMPT_OVERHEAD_TOKENS,
} from '../../../src/adapters/outbound/tokenizer/gpt-token-counter.ts';

/** Time in which a prompt of the worst kind must be counted, in milliseconds; uncut it takes minutes. */
const WORST_CASE_MS = 5_000;

describe('GptTokenCounter', () => {
  const counter = new GptTokenCounter();

  it('counts as the vocabulary o200k_base does', async () => {
    expect(await counter.count('')).to.equal(0);
    expect(await counter.count('hello world')).to.equal(2);
    expect(await counter.count('thinking about it')).to.equal(3);
  });

  it('takes the name of a special token for text', async () => {
    expect(await counter.count('<|endoftext|>')).to.be.greaterThan(1);
  });

  it('counts a text of one endless word in bounded time, and gives others their turn', async () => {
    let turns = 0;
    const ticking = setInterval(() => {
      turns += 1;
    }, 1);
    const letters = Array.from({ length: 100_000 }, (_, place) => 97 + (((place * 7_919) % 104_729) % 26));
    const startMs = performance.now();
    const counted = await counter.count(String.fromCharCode(...letters));
    clearInterval(ticking);
    expect(performance.now() - startMs).to.be.below(WORST_CASE_MS);
    expect(counted).to.be.within(20_000, 100_000);
    expect(turns).to.be.greaterThan(5);
  });

  it('adds the overhead of each message and of the prompt', async () => {
    const messages = [
      { role: 'system' as const, content: 'hello world' },
      { role: 'user' as const, content: '' },
    ];
    expect(await counter.countMessages(messages)).to.equal(
      2 + 2 * MESSAGE_OVERHEAD_TOKENS + PROMPT_OVERHEAD_TOKENS,
    );
  });

  it('cuts no code point in two', async () => {
    const rare = `a${'\u{1f9ff}\u{10330}'.repeat(4_000)}`;
    const messages = [{ role: 'user' as const, content: rare }];
    expect(await counter.countMessages(messages)).to.be.at.most(counter.estimateMessages(messages));
    expect(await counter.count(rare)).to.be.closeTo(
      1 + 4_000 * (await counter.count('\u{1f9ff}\u{10330}')),
      200,
    );
  });

  it('never counts more than it estimates', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.string({ unit: 'binary' }), { maxLength: 5 }), async (contents) => {
        const messages = contents.map((content) => ({ role: 'user' as const, content }));
        expect(await counter.countMessages(messages)).to.be.at.most(counter.estimateMessages(messages));
      }),
      { numRuns: 60 },
    );
  });
});
