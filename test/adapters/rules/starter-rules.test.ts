import { expect } from 'chai';
import { RuleClassifier } from '../../../src/adapters/outbound/rules/rule-classifier.ts';
import { starterRules } from '../../../src/adapters/outbound/rules/rule-store.ts';
import type { ClassifiedEvent, Finding } from '../../../src/application/ports/control/event-classifier.ts';
import { severityOf } from '../../../src/domain/control/mad-code.ts';
import { toolRequest } from '../../contracts/event-classifier.ts';
import { BENIGN_CALLS, BENIGN_RESULTS, INJECTED_RESULTS } from '../../support/benign-calls.ts';
import {
  HELD_UP,
  HELD_UP_RESULTS,
  OVERLOOKED,
  OVERLOOKED_RESULTS,
} from '../../support/calls-of-the-field.ts';
import {
  type CallCase,
  DANGEROUS_DATA,
  DANGEROUS_SHELL,
  EVASIONS,
  LESS_USUAL,
} from '../../support/dangerous-calls.ts';

const classifier = new RuleClassifier(starterRules());
const classify = (event: ClassifiedEvent): Promise<Finding> =>
  classifier.classify(event, new AbortController().signal);
const shown = (args: unknown): string => JSON.stringify(args).slice(0, 100);

function describeCalls(name: string, calls: readonly CallCase[]): void {
  describe(`the starter rules notice ${name}`, () => {
    for (const [tool, args, rule] of calls) {
      it(`${tool} ${shown(args)}`, async () => {
        const found = await classify(toolRequest(tool, args));
        expect(found).to.include({ kind: 'classified', rule });
        expect(found.kind === 'classified' && found.code).to.match(/^M[234]\.[a-z]$/);
      });
    }
  });
}

describeCalls('what destroys, runs, stays and blinds', DANGEROUS_SHELL);
describeCalls('what takes secrets, data and money', DANGEROUS_DATA);
describeCalls('less usual forms of these', LESS_USUAL);
describeCalls('what is written so that it is not noticed', EVASIONS);
describeCalls('what they once let pass', OVERLOOKED);

describe('the starter rules leave alone', () => {
  for (const [tool, args] of [...BENIGN_CALLS, ...HELD_UP]) {
    it(`${tool} ${shown(args)}`, async () => {
      expect(await classify(toolRequest(tool, args))).to.include({ code: 'M0', rule: undefined });
    });
  }

  for (const output of [...BENIGN_RESULTS, ...HELD_UP_RESULTS]) {
    it(`a result that says ${shown(output)}`, async () => {
      const event = toolRequest('read_page', {}, { pairType: 'tool', output });
      expect(await classify(event)).to.include({ code: 'M0', rule: undefined });
    });
  }
});

it('the starter rules stand in the order of their codes, so that each text gets its worst', () => {
  const severities = starterRules().rules.map(({ code }) => severityOf(code));
  expect(severities).to.deep.equal(severities.toSorted((one, other) => other - one));
});

describe('the starter rules notice instructions in a result', () => {
  for (const output of [...INJECTED_RESULTS, ...OVERLOOKED_RESULTS]) {
    it(shown(output), async () => {
      const event = toolRequest('read_page', {}, { pairType: 'tool', output });
      expect(await classify(event)).to.include({ code: 'M3.g', rule: 'result.injection' });
    });
  }
});
