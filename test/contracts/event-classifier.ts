import { expect } from 'chai';
import type {
  ClassifiedEvent,
  EventClassifier,
} from '../../src/application/ports/control/event-classifier.ts';

/** A classifier under test, with an event that it must find dangerous and one that it must find benign. */
export interface EventClassifierFixture {
  readonly classifier: EventClassifier;
  readonly dangerous: ClassifiedEvent;
  readonly benign: ClassifiedEvent;
  close(): Promise<void>;
}

/** An event of a model that asks for one tool; `overrides` say what matters in a test. */
export const toolRequest = (
  name: string,
  args: unknown,
  overrides: Partial<ClassifiedEvent> = {},
): ClassifiedEvent => ({
  pairType: 'llm',
  profile: undefined,
  agentId: 'builder',
  source: 'python-sdk',
  calls: [{ name, args: typeof args === 'string' ? args : JSON.stringify(args) }],
  messages: [{ role: 'user', content: 'Please do it.' }],
  output: '',
  ...overrides,
});

const never = (): AbortSignal => new AbortController().signal;

/** The behaviour of every adapter of the port `EventClassifier`. */
export function describeEventClassifier(name: string, create: () => Promise<EventClassifierFixture>): void {
  describe(`EventClassifier: ${name}`, () => {
    let fixture: EventClassifierFixture;
    beforeEach(async () => {
      fixture = await create();
    });
    afterEach(() => fixture.close());

    it('says of a dangerous event how dangerous it is, and why', async () => {
      const found = await fixture.classifier.classify(fixture.dangerous, never());
      expect(found).to.include({ kind: 'classified' });
      if (found.kind !== 'classified') return;
      expect(found.code).to.match(/^M[34](\.[a-z])?$/);
      expect(found.reason).to.not.equal('');
    });

    it('says of a benign event that nothing speaks against it', async () => {
      expect(await fixture.classifier.classify(fixture.benign, never())).to.include({
        kind: 'classified',
        code: 'M0',
      });
    });

    it('says at once only what it would say in its turn', async () => {
      const { classifier, dangerous, benign } = fixture;
      for (const event of [dangerous, benign, { ...dangerous, output: 'x '.repeat(100_000) }]) {
        const atOnce = classifier.classifyAtOnce?.(event);
        if (atOnce !== undefined) expect(atOnce).to.deep.equal(await classifier.classify(event, never()));
      }
    });

    it('answers about one event alone, however many it is asked about at once', async () => {
      const { classifier, dangerous, benign } = fixture;
      const events = Array.from({ length: 20 }, (_, at) => (at % 2 === 0 ? dangerous : benign));
      const alone = await Promise.all(
        [dangerous, benign].map((event) => classifier.classify(event, never())),
      );
      const together = await Promise.all(events.map((event) => classifier.classify(event, never())));
      together.forEach((found, at) => {
        expect(found).to.deep.equal(alone[at % 2]);
      });
    });

    it('finds an error, and throws none, once nobody waits any more', async () => {
      const found = await fixture.classifier.classify(fixture.dangerous, AbortSignal.abort());
      expect(found.kind).to.equal('error');
      expect(found.reason).to.not.equal('');
    });

    it('takes whatever a client may send without throwing', async () => {
      const odd = ['', '{', '"', '[[[[', '\\', '\u0000', '\ud800', '{"a":'.repeat(10_000), '�'.repeat(1_000)];
      for (const text of odd) {
        const event = toolRequest(text, text, {
          agentId: text,
          source: text,
          output: text,
          messages: [{ role: text, content: text }],
        });
        expect((await fixture.classifier.classify(event, never())).kind).to.be.oneOf(['classified', 'error']);
      }
      const empty = { ...toolRequest('', ''), pairType: 'unspecified' as const, calls: [], messages: [] };
      expect((await fixture.classifier.classify(empty, never())).kind).to.be.oneOf(['classified', 'error']);
    });
  });
}
