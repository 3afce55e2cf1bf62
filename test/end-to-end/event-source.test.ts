import { expect } from 'chai';
import { EventSource } from 'eventsource';
import { ApiClient } from '../support/api-client.ts';
import { RunningServer } from '../support/running-server.ts';

interface Followed {
  readonly ids: number[];
  readonly text: string;
  readonly end: string;
}

/** Follows a chat with the EventSource of the `eventsource` package, which reconnects by itself. */
function follow(client: ApiClient, chat: string, onChunk: (count: number) => void): Promise<Followed> {
  return new Promise((resolve) => {
    const ids: number[] = [];
    let text = '';
    const source = new EventSource(`${client.urls.chat}/api/chat/sessions/${chat}/stream`, {
      fetch: (url, init) =>
        fetch(url, { ...init, headers: { ...init.headers, authorization: `Bearer ${client.token}` } }),
    });
    source.addEventListener('session', ({ lastEventId }) => ids.push(Number(lastEventId)));
    source.addEventListener('chunk', ({ lastEventId, data }) => {
      ids.push(Number(lastEventId));
      text += (JSON.parse(data) as { text: string }).text;
      onChunk(ids.length);
    });
    const finish = ({ lastEventId, data, type }: MessageEvent): void => {
      // A lost connection is an `error` event too, but one without data.
      if (data === undefined) return;
      ids.push(Number(lastEventId));
      source.close();
      resolve({ ids, text, end: type === 'done' ? 'done' : (JSON.parse(data) as { code: string }).code });
    };
    source.addEventListener('done', finish);
    source.addEventListener('error', (event) => finish(event as unknown as MessageEvent));
  });
}

describe('an EventSource', function () {
  this.timeout(60_000);

  it('follows a stream to its end', async () => {
    const server = await RunningServer.start(['--demo', '--model-pace', '400']);
    try {
      const user = await ApiClient.login(server.urls, 'user1', 'User1@123');
      const chat = await user.createChat();
      const start = await user.start(chat);
      const followed = await follow(user, chat, () => {});
      await start.toEnd();
      expect(followed).to.deep.include({ text: start.text, end: 'done' });
      expect(followed.ids).to.deep.equal(start.events.map(({ id }) => id));
    } finally {
      await server.dispose();
    }
  });

  it('reconnects by itself to a server that was killed, and gets the rest and an honest end, once each', async () => {
    const server = await RunningServer.start(['--demo', '--model-pace', '60']);
    const user = await ApiClient.login(server.urls, 'user1', 'User1@123');
    const chat = await user.createChat();
    const start = await user.start(chat);
    await start.until(({ text }) => text.length > 0);
    await start.cut();
    let again: Promise<RunningServer> | undefined;
    const restart = async (): Promise<RunningServer> => {
      await server.end('SIGKILL');
      const port = new URL(server.urls.chat).port;
      return RunningServer.start(['--demo', '--chat-port', port], server.data);
    };
    const followed = await follow(user, chat, (count) => {
      if (count >= 20) again ??= restart();
    });
    const restarted = await (again ?? expect.fail('the server was not killed'));
    try {
      expect(followed.end).to.equal('stream.interrupted');
      expect(followed.ids).to.deep.equal(followed.ids.map((_, index) => index + 1));
      const { body } = await user.get('chat', `/api/chat/sessions/${chat}/messages`);
      expect(body, 'the old address is the new one').to.have.property('messages');
      expect(body.messages.at(-1).content).to.equal(followed.text);
    } finally {
      await restarted.dispose();
    }
  });
});
