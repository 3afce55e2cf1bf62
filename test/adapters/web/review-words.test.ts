import { expect } from 'chai';
import type { Review } from '../../../src/adapters/inbound/web/browser/reviews/review-feed.js';
import { askedWords, askerOf } from '../../../src/adapters/inbound/web/browser/reviews/review-words.js';

const by = (owner: string, agentId: string): Review =>
  ({ owner, agentId, event: { llm: { toolCalls: [{ name: 'shell' }] } } }) as Review;

describe('the words about a review', () => {
  it('name an agent by its key, and what it calls itself only beside that', () => {
    expect(askerOf(by('agent:builder', 'builder'))).to.equal('builder');
    expect(askerOf(by('agent:builder', ''))).to.equal('builder');
    expect(askerOf(by('agent:intern', 'builder'))).to.equal('intern (calls itself builder)');
    expect(askerOf(by('key:k1', 'builder'))).to.equal('key:k1 (calls itself builder)');
    expect(askedWords(by('agent:intern', 'builder'))).to.equal(
      'The agent intern (calls itself builder) asks to use shell.',
    );
  });

  it('let nothing that an agent calls itself reorder them', () => {
    expect(askerOf(by('agent:intern', '\u202ebuilder\n)'))).to.equal(
      'intern (calls itself \\u{202e}builder ))',
    );
  });
});
