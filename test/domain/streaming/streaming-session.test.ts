import { expect } from 'chai';
import fc from 'fast-check';
import { micros } from '../../../src/domain/accounting/credits.ts';
import { DomainError } from '../../../src/domain/domain-error.ts';
import { type IdRefusal, readClaimedId } from '../../../src/domain/streaming/claimed-id.ts';
import { StreamingSession, type StreamState } from '../../../src/domain/streaming/streaming-session.ts';
import { expectThrown } from '../../support/refusals.ts';
import { ANNA, BERT, chatId, NODE_1, numberedStream } from '../../support/stream-builders.ts';

const HOLD = {
  amountMicros: micros(100),
  priceMicrosPer1000: micros(1_000),
  maxOutputTokens: 50,
  limitedBy: 'model',
} as const;
const NOW = 1_800_000_001_000;
const USAGE = { upstreamCalled: true, outputTokens: 5 } as const;
const AT_END = { usage: USAGE, lastOffset: 9, nowMs: NOW };
const RETENTION_MS = 1_000;
const TEXT = 'Like this.';

const opening = (): StreamingSession =>
  StreamingSession.open({
    id: numberedStream(1),
    owner: ANNA,
    chatId: chatId(1),
    modelId: 'handbook',
    node: NODE_1,
    firstOffset: 7,
    promptTokens: 0,
    openedAtMs: NOW - 1_000,
  });

const running = (): StreamingSession => opening().activate(HOLD, 12);

const body = (text: string, bodySha256 = `sha256 of ${text}`) => ({ text, bodySha256 });

function accepted(): StreamingSession {
  const decision = running()
    .finish({ ...AT_END, finishReason: 'stop' })
    .receive(body(TEXT), TEXT, NOW);
  if (decision.kind !== 'accepted') throw new Error(`decided ${decision.kind}`);
  return decision.session;
}

const IN_STATE: Readonly<Record<StreamState, () => StreamingSession>> = {
  opening,
  running,
  finished: () => running().finish({ ...AT_END, finishReason: 'stop' }),
  stopped: () => running().stop({ ...AT_END, finishReason: 'stopped' }),
  failed: () => running().fail({ ...AT_END, errorCode: 'model.failed' }),
  interrupted: () => running().interrupt(AT_END),
  accepted,
  expired: () => accepted().expire(NOW + RETENTION_MS, RETENTION_MS),
};
const STATES = Object.keys(IN_STATE) as StreamState[];
const ENDED: readonly StreamState[] = ['finished', 'stopped', 'failed', 'interrupted'];

const TRANSITIONS: Readonly<Record<string, (session: StreamingSession) => StreamingSession>> = {
  activate: (session) => session.activate(HOLD, 12),
  finish: (session) => session.finish({ ...AT_END, finishReason: 'stop' }),
  stop: (session) => session.stop({ ...AT_END, finishReason: 'stopped' }),
  fail: (session) => session.fail({ ...AT_END, errorCode: 'model.failed' }),
  interrupt: (session) => session.interrupt(AT_END),
  expire: (session) => session.expire(NOW + RETENTION_MS, RETENTION_MS),
};

/** Where each transition leads; what is not here is refused. */
const LEADS: Readonly<Record<string, Partial<Record<StreamState, StreamState>>>> = {
  activate: { opening: 'running' },
  finish: { running: 'finished' },
  stop: { running: 'stopped' },
  fail: { running: 'failed' },
  interrupt: { running: 'interrupted' },
  expire: Object.fromEntries([...ENDED, 'accepted'].map((state) => [state, 'expired'])),
};

describe('the states of a streaming session', () => {
  for (const [name, transition] of Object.entries(TRANSITIONS)) {
    for (const state of STATES) {
      const next = LEADS[name]?.[state];
      it(`${name} from ${state} ${next === undefined ? 'is refused' : `leads to ${next}`}`, () => {
        const session = IN_STATE[state]();
        if (next === undefined) expectThrown(() => transition(session), 'stream.illegal_transition');
        else expect(transition(session).state).to.equal(next);
        expect(session.state, 'the session itself never changes').to.equal(state);
      });
    }
  }

  it('expires not before its retention has passed', () => {
    const session = IN_STATE.finished();
    expectThrown(() => session.expire(NOW + RETENTION_MS - 1, RETENTION_MS), 'stream.illegal_transition');
  });

  it('come back from a store as they were', () => {
    for (const state of STATES) {
      const stored = IN_STATE[state]().snapshot();
      expect(StreamingSession.restore(structuredClone(stored)).snapshot()).to.deep.equal(stored);
    }
  });

  it('end at most once and are charged at most the hold, whatever comes in whatever order', () => {
    const names = fc.array(fc.constantFrom(...Object.keys(TRANSITIONS), 'receive'), { maxLength: 20 });
    fc.assert(
      fc.property(names, (order) => {
        let session = opening();
        let ends = 0;
        for (const name of order) {
          const before = session;
          try {
            session = name === 'receive' ? received(session) : (TRANSITIONS[name]?.(session) ?? session);
          } catch (error) {
            expect(error).to.be.instanceOf(DomainError);
            session = before;
          }
          if (before.isRunning && session.hasEnded) ends += 1;
          const { end } = session.snapshot();
          if (end !== undefined) {
            expect(end.chargeMicros).to.be.at.most(HOLD.amountMicros);
            expect(before.snapshot().end ?? end).to.deep.equal(end);
          }
        }
        expect(ends).to.be.at.most(1);
      }),
    );
  });

  function received(session: StreamingSession): StreamingSession {
    const decision = session.receive(body(TEXT), TEXT, NOW);
    return decision.kind === 'accepted' ? decision.session : session;
  }
});

describe('the charge of a streaming session', () => {
  const chargeOf = (session: StreamingSession) => {
    const { end } = session.snapshot();
    return [end?.inputTokens, end?.outputTokens, end?.chargeMicros];
  };

  it('is the prompt and the output at the frozen price', () => {
    expect(chargeOf(IN_STATE.finished())).to.deep.equal([12, 5, 17]);
    expect(chargeOf(IN_STATE.stopped())).to.deep.equal([12, 5, 17]);
    expect(chargeOf(IN_STATE.interrupted())).to.deep.equal([12, 5, 17]);
  });

  it("takes the upstream's prompt count when there is one", () => {
    const session = running().finish({
      ...AT_END,
      usage: { ...USAGE, inputTokens: 20 },
      finishReason: 'stop',
    });
    expect(chargeOf(session)).to.deep.equal([20, 5, 25]);
  });

  it('never passes the hold', () => {
    const usage = { upstreamCalled: true, outputTokens: 5_000 };
    expect(chargeOf(running().finish({ ...AT_END, usage, finishReason: 'stop' }))[2]).to.equal(100);
  });

  it('is nothing when the model was never asked, or failed before its first token', () => {
    const never = { upstreamCalled: false, outputTokens: 0 };
    const nothing = { upstreamCalled: true, outputTokens: 0 };
    expect(chargeOf(running().stop({ ...AT_END, usage: never, finishReason: 'stopped' }))).to.deep.equal([
      0, 0, 0,
    ]);
    expect(chargeOf(running().fail({ ...AT_END, usage: nothing, errorCode: 'model.failed' }))).to.deep.equal([
      0, 0, 0,
    ]);
  });

  it('is the whole prompt when it was stopped before the first token', () => {
    const usage = { upstreamCalled: true, outputTokens: 0 };
    expect(chargeOf(running().stop({ ...AT_END, usage, finishReason: 'stopped' }))).to.deep.equal([
      12, 0, 12,
    ]);
  });
});

describe('the id rule', () => {
  const claim = { id: numberedStream(1), owner: ANNA, chatId: chatId(1), newestOfChat: numberedStream(1) };
  const causeOf = (name: () => unknown): unknown => {
    try {
      name();
    } catch (error) {
      expect(error).to.be.instanceOf(DomainError);
      expect(error).to.include({ code: 'stream.id_mismatch', message: 'Streaming session ID mismatch' });
      return (error as DomainError).details.internal?.cause;
    }
    return undefined;
  };

  for (const state of STATES.filter((name) => name !== 'opening' && name !== 'expired')) {
    it(`lets the owner name his ${state} stream`, () => {
      expect(causeOf(() => IN_STATE[state]().requireNamedBy(claim))).to.equal(undefined);
    });
  }

  const refusals: ReadonlyArray<readonly [string, StreamState, Partial<typeof claim>, IdRefusal]> = [
    ['another id', 'running', { id: numberedStream(2) }, 'unknown'],
    ['a stream that is still opening', 'opening', {}, 'unknown'],
    ["another user's stream", 'running', { owner: BERT }, 'foreign'],
    ["another chat's stream", 'running', { chatId: chatId(2) }, 'foreign'],
    ['an expired stream', 'expired', {}, 'expired'],
    ['an older stream of the chat', 'finished', { newestOfChat: numberedStream(3) }, 'older'],
  ];
  for (const [what, state, other, cause] of refusals) {
    it(`refuses ${what}`, () => {
      expect(causeOf(() => IN_STATE[state]().requireNamedBy({ ...claim, ...other }))).to.equal(cause);
    });
  }

  for (const [claimed, cause] of [
    [undefined, 'missing'],
    [null, 'missing'],
    ['', 'missing'],
    [7, 'malformed'],
    [[numberedStream(1)], 'malformed'],
    [`${numberedStream(1)} `, 'malformed'],
  ] as const) {
    it(`refuses ${JSON.stringify(claimed)} before anything is looked up`, () => {
      expect(causeOf(() => readClaimedId(claimed))).to.equal(cause);
    });
  }
});

describe('the table of the update', () => {
  it('running, a prefix of what was sent: stop it first', () => {
    for (const text of ['', 'Like', TEXT]) {
      expect(running().receive(body(text), TEXT, NOW).kind).to.equal('stop-first');
    }
  });

  for (const state of ENDED) {
    it(`${state}, equal: exact`, () => {
      const decision = IN_STATE[state]().receive(body(TEXT), TEXT, NOW);
      expect(decision.kind === 'accepted' && decision.receipt).to.deep.equal({
        kind: 'exact',
        receivedCharacters: TEXT.length,
        bodySha256: `sha256 of ${TEXT}`,
        acceptedAtMs: NOW,
      });
      expect(decision.kind === 'accepted' && decision.session.state).to.equal('accepted');
    });

    it(`${state}, a proper prefix: partial, in code points`, () => {
      const decision = IN_STATE[state]().receive(body('😀'), '😀 and more', NOW);
      expect(decision.kind === 'accepted' && decision.receipt).to.include({
        kind: 'partial',
        receivedCharacters: 1,
      });
    });
  }

  for (const state of ['running', ...ENDED] as const) {
    for (const [what, text] of [
      ['a longer text', `${TEXT} `],
      ['another text', 'Unlike'],
      ['another case', TEXT.toUpperCase()],
      ['the end without the beginning', 'this.'],
    ] as const) {
      it(`${state}, ${what}: refused`, () => {
        expectThrown(() => IN_STATE[state]().receive(body(text), TEXT, NOW), 'stream.text_mismatch');
      });
    }
  }

  it('accepted, the same body: the same receipt', () => {
    const session = accepted();
    const decision = session.receive(body(TEXT), TEXT, NOW + 1);
    expect(decision.kind === 'replayed' && decision.receipt).to.deep.equal(session.snapshot().receipt);
  });

  it('accepted, another body: refused, by what is wrong with it', () => {
    expectThrown(() => accepted().receive(body('Like'), TEXT, NOW), 'stream.receipt_conflict');
    expectThrown(() => accepted().receive(body(TEXT, 'other tokens'), TEXT, NOW), 'stream.receipt_conflict');
    expectThrown(() => accepted().receive(body('Unlike'), TEXT, NOW), 'stream.text_mismatch');
  });

  it('opening or expired: no text is taken', () => {
    expectThrown(() => opening().receive(body(''), '', NOW), 'stream.illegal_transition');
    const expired = IN_STATE.finished().expire(NOW + RETENTION_MS, RETENTION_MS);
    expectThrown(() => expired.receive(body(''), '', NOW), 'stream.illegal_transition');
  });

  it('an update that stopped the stream: stopped, and only of a stopped stream', () => {
    const decision = IN_STATE.stopped().receiveAfterStop(body('Like'), NOW);
    expect(decision.kind === 'accepted' && decision.receipt.kind).to.equal('stopped');
    for (const state of STATES.filter((name) => name !== 'stopped')) {
      expectThrown(() => IN_STATE[state]().receiveAfterStop(body(''), NOW), 'stream.illegal_transition');
    }
  });
});
