import { expect } from 'chai';
import type {
  CompletionModel,
  CompletionPart,
  CompletionRequest,
} from '../../src/application/ports/streaming/completion-model.ts';

/** A model under test that answers every question with at least three deltas. */
export interface CompletionModelFixture {
  readonly model: CompletionModel;
  /** Lets the answer that runs stall before its end, so that an abort meets an open stream. */
  stallNext(): void;
  close(): Promise<void>;
}

/** A request as the contract asks it; `overrides` say what matters in a test. */
export const completionRequest = (overrides: Partial<CompletionRequest> = {}): CompletionRequest => ({
  modelId: 'any',
  messages: [{ role: 'user', content: 'How do I resume a stream?' }],
  maxOutputTokens: 2_048,
  signal: new AbortController().signal,
  ...overrides,
});

/** All parts of an answer. */
export async function partsOf(answer: AsyncIterable<CompletionPart>): Promise<CompletionPart[]> {
  const parts: CompletionPart[] = [];
  for await (const part of answer) parts.push(part);
  return parts;
}

/** The text that the parts show. */
export const textOf = (parts: readonly CompletionPart[]): string =>
  parts.map((part) => (part.kind === 'delta' ? part.text : '')).join('');

/** What an iteration throws; fails when it does not throw. */
export async function failureOf(answer: AsyncIterable<CompletionPart>): Promise<unknown> {
  try {
    await partsOf(answer);
  } catch (error) {
    return error;
  }
  return expect.fail('the stream ended without a failure');
}

/** The behaviour of every adapter of the port `CompletionModel`. */
export function describeCompletionModel(name: string, create: () => Promise<CompletionModelFixture>): void {
  describe(`CompletionModel: ${name}`, () => {
    let fixture: CompletionModelFixture;
    beforeEach(async () => {
      fixture = await create();
    });
    afterEach(() => fixture.close());

    it('yields deltas and then exactly one end, with usage of whole counts', async () => {
      const parts = await partsOf(fixture.model.stream(completionRequest()));
      expect(parts.length).to.be.greaterThan(3);
      expect(parts.filter((part) => part.kind === 'end')).to.have.length(1);
      const end = parts.at(-1);
      expect(end).to.include({ kind: 'end', finishReason: 'stop' });
      const usage = end?.kind === 'end' ? end.usage : undefined;
      expect(usage?.inputTokens).to.satisfy(Number.isSafeInteger);
      expect(usage?.outputTokens).to.be.greaterThan(0);
    });

    it('counts at least one token for every delta', async () => {
      const parts = await partsOf(fixture.model.stream(completionRequest()));
      for (const part of parts) if (part.kind === 'delta') expect(part.tokens).to.be.at.least(1);
    });

    it('throws the reason of a signal that was aborted before', async () => {
      const reason = new Error('stopped before');
      const request = completionRequest({ signal: AbortSignal.abort(reason) });
      expect(await failureOf(fixture.model.stream(request))).to.equal(reason);
    });

    it('throws the reason of an abort while it waits for the next delta', async () => {
      fixture.stallNext();
      const controller = new AbortController();
      const reason = new Error('stopped');
      const answer = fixture.model.stream(completionRequest({ signal: controller.signal }));
      const iterator = answer[Symbol.asyncIterator]();
      expect((await iterator.next()).value).to.include({ kind: 'delta' });
      const next = iterator.next();
      controller.abort(reason);
      expect(await next.catch((error: unknown) => error)).to.equal(reason);
      expect(await iterator.next()).to.deep.equal({ done: true, value: undefined });
    });

    it('can be left early by a reader that wants no more', async () => {
      for await (const part of fixture.model.stream(completionRequest())) {
        expect(part.kind).to.equal('delta');
        break;
      }
    });

    it('never counts more prompt tokens than it estimated', async () => {
      const contents = [
        '',
        'Hello',
        '漢字かな交じり文',
        '👩‍👩‍👧‍👦🎉',
        'ﷺ'.repeat(20),
        '\u0000\ud800',
        '<|endoftext|>',
        'a'.repeat(3_000),
      ];
      for (const content of contents) {
        const messages = [
          { role: 'system' as const, content: 'Be brief.' },
          { role: 'user' as const, content },
        ];
        const counted = await fixture.model.countPromptTokens(messages);
        expect(counted).to.be.greaterThan(0);
        expect(counted).to.be.at.most(fixture.model.estimatePromptTokens(messages));
      }
    });
  });
}
