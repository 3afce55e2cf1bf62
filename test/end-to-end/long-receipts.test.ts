import { expect } from 'chai';
import type { ApiClient } from '../support/api-client.ts';
import { answering, FakeUpstream } from '../support/fake-upstream.ts';
import { MuxClient, type Received } from '../support/mux-client.ts';
import type { RunningServer } from '../support/running-server.ts';
import { createUpstreamChat, serveUpstream } from '../support/upstream-server.ts';

/** The longest payload of a session's frame, in bytes. */
const FRAME_BYTES = 65_536;
const MAX_TOKENS = '20000';

describe('the receipt of a long answer over a multiplexed connection', function () {
  this.timeout(60_000);
  let upstream: FakeUpstream;
  let server: RunningServer;
  let user: ApiClient;
  let client: MuxClient;

  before(async () => {
    upstream = await FakeUpstream.start();
    const flags = [
      '--model-max-tokens',
      MAX_TOKENS,
      '--streams-max-output-tokens',
      MAX_TOKENS,
      '--model-context-tokens',
      '90000',
    ];
    ({ server, user } = await serveUpstream(upstream, flags));
    client = await MuxClient.connect(server.urls.chat, user.token);
  });
  after(async () => {
    client.socket.terminate();
    await server.dispose();
    await upstream.stop();
  });

  const isAnswer = ({ name, bytes }: Received): boolean =>
    name === 'DATA' && JSON.parse(bytes.toString()).ref !== undefined;
  const receiptOf = (streamingSessionId: string, completeResponse: string): string =>
    JSON.stringify({ ref: 'r', op: 'update', streamingSessionId, completeResponse });

  /** A chat and a stream of it whose answer makes a receipt of so many bytes. */
  const answered = async (bytes: number) => {
    const chatSessionId = await createUpstreamChat(user);
    const { handle, sessionId, resumeToken } = await client.open('chat', { params: { chatSessionId } });
    // All ids of streams are of one length.
    const text = 'long '.repeat(bytes).slice(0, bytes - receiptOf(`stream-${'0'.repeat(50)}`, '').length);
    upstream.next(answering(text));
    client.send(handle, 'DATA', { ref: 's', op: 'start', message: 'Go on' });
    const { body } = JSON.parse((await client.next(isAnswer)).bytes.toString());
    const end = await client.next(({ json }) => json?.event === 'done' || json?.event === 'error');
    expect(end.json.event).to.equal('done');
    const receipt = receiptOf(body.streamingSessionId, text);
    expect(Buffer.byteLength(receipt)).to.equal(bytes);
    return { chatSessionId, handle, sessionId, resumeToken, text, receipt, id: body.streamingSessionId };
  };

  it('is taken where it just fits a frame', async () => {
    const { handle, receipt } = await answered(FRAME_BYTES);
    client.send(handle, 'DATA', Buffer.from(receipt));
    const { status, body } = JSON.parse((await client.next(isAnswer)).bytes.toString());
    expect([status, body.receipt]).to.deep.equal([200, 'exact']);
  });

  it('costs the session alone where it is one byte longer, and is taken by HTTP', async () => {
    const { chatSessionId, handle, sessionId, resumeToken, text, receipt, id } = await answered(
      FRAME_BYTES + 1,
    );
    client.send(handle, 'DATA', Buffer.from(receipt));
    expect((await client.on(handle, 'ERROR')).json.code).to.equal('message.too_large');
    expect((await client.on(handle, 'CLOSE')).json.code).to.equal(1009);
    const { status, body } = await user.update(chatSessionId, id, text);
    expect([status, body.receipt]).to.deep.equal([200, 'exact']);
    const resume = { sessionId, token: resumeToken, offset: 0 };
    expect((await client.open('chat', { resume })).epoch).to.equal(2);
  });
});
