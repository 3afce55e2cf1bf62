import { expect } from 'chai';
import { RaisedClassifier } from '../../../src/application/control/raised-classifier.ts';
import type { EventClassifier, Finding } from '../../../src/application/ports/control/event-classifier.ts';
import { parseMadCode } from '../../../src/domain/control/mad-code.ts';
import { toolRequest } from '../../contracts/event-classifier.ts';

const says = (text: string): Finding =>
  text === 'error'
    ? { kind: 'error', reason: 'failed' }
    : { kind: 'classified', code: parseMadCode(text), reason: text, rule: text };
const always = (text: string): EventClassifier => ({ classify: async () => says(text) });
const atOnce = (text: string): EventClassifier => ({ ...always(text), classifyAtOnce: () => says(text) });

describe('a classifier that may only raise another one’s code', () => {
  for (const [first, raising, outcome] of [
    ['M0', 'M4', 'M4'],
    ['M2', 'M3', 'M3'],
    ['M4', 'M0', 'M4'],
    ['M3.b', 'M3', 'M3.b'],
    ['M0', 'M0', 'M0'],
    ['error', 'M4', 'error'],
    ['error', 'M0', 'error'],
    ['M4', 'error', 'M4'],
  ] as const) {
    it(`makes ${outcome} of ${first} and ${raising}`, async () => {
      const both = new RaisedClassifier({ first: always(first), raising: always(raising) });
      const found = await both.classify(toolRequest('bash', 'ls'), new AbortController().signal);
      expect(found).to.deep.equal(says(outcome));
    });
  }

  for (const code of ['M0', 'M2', 'M3.b']) {
    it(`does not know of what was ${code} whether the other would have raised it`, async () => {
      const both = new RaisedClassifier({ first: always(code), raising: always('error') });
      const found = await both.classify(toolRequest('bash', 'ls'), new AbortController().signal);
      expect(found).to.deep.equal({ kind: 'error', reason: 'failed', known: says(code) });
    });
  }

  it('says at once what nobody could raise, and of the rest what is known', () => {
    const event = toolRequest('bash', 'rm -rf /');
    const said = (first: EventClassifier) =>
      new RaisedClassifier({ first, raising: always('M0') }).classifyAtOnce(event);
    expect(said(atOnce('M4.a'))).to.deep.equal(says('M4.a'));
    const both = new RaisedClassifier({ first: atOnce('M3'), raising: always('M0') });
    expect(both.knownAtOnce(event)).to.deep.equal(says('M3'));
    for (const first of [atOnce('M3'), atOnce('M0'), atOnce('error'), always('M4')])
      expect(said(first)).to.equal(undefined);
  });
});
