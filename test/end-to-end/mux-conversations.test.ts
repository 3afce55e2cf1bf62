import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { ApiClient } from '../support/api-client.ts';
import { agentKey, setPolicy } from '../support/control-scenes.ts';
import { type Conversation, messageOf, type Step, Talk } from '../support/conversation.ts';
import { bytesOf, IndependentMux } from '../support/independent-mux.ts';
import { RunningServer } from '../support/running-server.ts';

const { conversations } = JSON.parse(readFileSync('docs/vectors/mux-conversations.json', 'utf8')) as {
  readonly conversations: readonly Conversation[];
};
const FLAGS = ['--demo', '--websocket-multiplexing-echo', '--model-pace', '100'];

describe('the vectors of whole conversations', function () {
  this.timeout(60_000);
  let server: RunningServer;
  let user: ApiClient;
  let other: ApiClient;
  let again: ApiClient;
  let keys: Readonly<Record<'agent' | 'the same agent' | 'other agent', string>>;

  async function start(): Promise<void> {
    server = await RunningServer.start(FLAGS);
    user = await ApiClient.login(server.urls, 'user1', 'User1@123');
    again = await ApiClient.login(server.urls, 'user1', 'User1@123');
    other = await ApiClient.login(server.urls, 'supervisor1', 'Supervisor1@');
    const admin = await ApiClient.login(server.urls, 'admin', 'admin@admin');
    await setPolicy(admin, { mode: 'block' });
    const keyOf = async (agent: string): Promise<string> =>
      (await agentKey(admin, agent, 'admin@admin', ['control', 'mux'])).key;
    keys = {
      agent: await keyOf('builder'),
      'the same agent': await keyOf('builder'),
      'other agent': await keyOf('tester'),
    };
  }
  const credentialOf = (as: Step['as']): string => {
    if (as === 'agent' || as === 'other agent') return keys[as];
    return (as === 'other' ? other : user).token ?? '';
  };
  before(start);
  after(() => server.dispose());

  for (const { name, steps } of conversations) {
    it(`say in hexadecimal what they show: ${name}`, () => {
      for (const step of steps.filter(({ frame }) => frame !== undefined)) {
        const { frame, fill } = step as Required<Step>;
        const shown = Buffer.concat([bytesOf(frame), Buffer.alloc(fill?.times ?? 0, fill?.byte, 'hex')]);
        expect(messageOf(step).toString('hex')).to.equal(shown.toString('hex'));
      }
    });
  }

  for (const conversation of conversations) {
    it(`are what the server says: ${conversation.name}`, async () => {
      const talk = new Talk(conversation, {
        connect: ({ subprotocol = '', as }) =>
          IndependentMux.connect(server.urls.chat, subprotocol, credentialOf(as)),
        operate: () => server.signal('SIGTERM'),
        known: {
          c_1: await user.createChat(),
          'a-token-of-user1': again.token ?? '',
          'a-token-of-supervisor1': other.token ?? '',
          'a-key-of-the-same-agent': keys['the same agent'],
          'a-key-of-another-agent': keys['other agent'],
        },
      });
      for (const [place, step] of conversation.steps.entries()) {
        await talk.step(step).catch((error: Error) => {
          throw new Error(`step ${place + 1}: ${error.message}`, { cause: error });
        });
      }
      await talk.end();
      if (!conversation.steps.some(({ operator }) => operator !== undefined)) return;
      await server.dispose();
      await start();
    });
  }

  it('have every type of frame, and every way in which a conversation goes on', () => {
    const frames = conversations.flatMap(({ steps }) => steps.flatMap(({ frame }) => frame?.name ?? []));
    expect(new Set(frames).size).to.equal(13);
    const closes = conversations.flatMap(({ steps }) => steps.flatMap(({ closesWith }) => closesWith ?? []));
    expect(new Set(closes)).to.deep.equal(new Set([1000, 1002, 1003, 4000]));
  });
});
