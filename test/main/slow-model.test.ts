import { expect } from 'chai';
import { OpenAiCompletionModel } from '../../src/adapters/outbound/openai/openai-completion-model.ts';
import { UPSTREAM_LIMITS } from '../../src/adapters/outbound/openai/upstream-settings.ts';
import { GptTokenCounter } from '../../src/adapters/outbound/tokenizer/gpt-token-counter.ts';
import { CLOCK, LOG, MODELS, TIMERS } from '../../src/main/tokens.ts';
import { ApiClient } from '../support/api-client.ts';
import { type ComposedServer, composedServer } from '../support/composed-server.ts';
import { deltaEvent, FakeUpstream, silent, stallingAfter } from '../support/fake-upstream.ts';
import { creditOf } from '../support/upstream-server.ts';

/** What the model may take here for its first token and between two, in milliseconds. */
const PATIENCE_MS = 200;

describe('a model that is too slow', () => {
  let upstream: FakeUpstream;
  let server: ComposedServer;
  let user: ApiClient;

  before(async () => {
    upstream = await FakeUpstream.start(silent);
    server = await composedServer((container) => {
      const model = new OpenAiCompletionModel(
        {
          tokens: new GptTokenCounter(),
          clock: container.get(CLOCK),
          timers: container.get(TIMERS),
          log: container.get(LOG),
        },
        { url: upstream.url, model: 'slow' },
        { ...UPSTREAM_LIMITS, firstTokenMs: PATIENCE_MS, idleMs: PATIENCE_MS },
      );
      container.rebind(MODELS).toConstantValue({ forModel: () => model });
    });
    user = new ApiClient(server.urls, await server.logIn('user1'));
  });
  after(async () => {
    await server.close();
    await upstream.stop();
  });

  it('ends the stream with that error, its socket closed, and costs nothing before its first token', async () => {
    const before = await creditOf(user);
    const reader = await user.start(await user.createChat());
    const end = await reader.toEnd();
    expect([end?.type, end?.data.code]).to.deep.equal(['error', 'model.too_slow']);
    expect(end?.data).to.include({ tokensUsed: 0, creditsCharged: 0, retryable: true });
    await upstream.requests.at(-1)?.closed;
    expect(await creditOf(user)).to.deep.equal(before);
  });

  it('is 504 where the whole answer is waited for', async () => {
    const chat = await user.createChat();
    const { status, body } = await user.post('chat', `/api/chat/sessions/${chat}/messages`, {
      message: 'Hi',
    });
    expect([status, body.code]).to.deep.equal([504, 'model.too_slow']);
  });

  it('is billed for what it said before it fell silent, and that is kept', async () => {
    const before = await creditOf(user);
    upstream.next(stallingAfter(deltaEvent({ content: 'Well' })));
    const chat = await user.createChat();
    const reader = await user.start(chat);
    const end = await reader.toEnd();
    expect([end?.data.code, reader.text]).to.deep.equal(['model.too_slow', 'Well']);
    expect(end?.data.tokensUsed).to.be.greaterThan(1);
    const paid = before.availableCredits - (await creditOf(user)).availableCredits;
    expect(paid).to.be.closeTo(end?.data.creditsCharged, 1e-9).and.to.be.greaterThan(0);
    const { messages } = (await user.get('chat', `/api/chat/sessions/${chat}/messages`)).body;
    expect(messages.at(-1)).to.deep.include({ content: 'Well' });
  });
});
