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
    ['M0', 'error', 'error'],
    ['M2', 'error', 'error'],
    ['M3', 'error', 'M3'],
    ['M4', 'error', 'M4'],
  ] as const) {
    it(`makes ${outcome} of ${first} and ${raising}`, async () => {
      const both = new RaisedClassifier({ first: always(first), raising: always(raising) });
      const found = await both.classify(toolRequest('bash', 'ls'), new AbortController().signal);
      expect(found).to.deep.equal(says(outcome));
    });
  }

  it('says at once what nobody could raise, and nothing else', () => {
    const event = toolRequest('bash', 'rm -rf /');
    const said = (first: EventClassifier) =>
      new RaisedClassifier({ first, raising: always('M0') }).classifyAtOnce(event);
    expect(said(atOnce('M4.a'))).to.deep.equal(says('M4.a'));
    for (const first of [atOnce('M3'), atOnce('M0'), atOnce('error'), always('M4')])
      expect(said(first)).to.equal(undefined);
  });
});
