import type { LogEvent } from '../../../src/adapters/inbound/web/browser/streaming/answer.js';

/** A whole stream that begins at an offset. */
export const streamFrom = (first: number, texts: readonly string[], id = `stream-${first}`): LogEvent[] => [
  { offset: first, type: 'session', data: { streamingSessionId: id, modelId: 'handbook' } },
  ...texts.map((text, index): LogEvent => ({ offset: first + 1 + index, type: 'chunk', data: { text } })),
  {
    offset: first + 1 + texts.length,
    type: 'done',
    data: { finishReason: 'stop', message: 'Stream complete', tokensUsed: 3, creditsCharged: 0.003 },
  },
];
