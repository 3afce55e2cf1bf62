import { expect } from 'chai';
import { ApiClient } from '../support/api-client.ts';
import { MuxClient, type Received } from '../support/mux-client.ts';
import { RunningServer } from '../support/running-server.ts';

const PASSWORDS = { user1: 'User1@123', supervisor1: 'Supervisor1@', admin: 'admin@admin' } as const;
type Person = keyof typeof PASSWORDS;

/** Whoever opens sessions: a person by his login, or by a key with these scopes. */
const HOLDERS = {
  'a user': { of: 'user1' },
  'a supervisor': { of: 'supervisor1' },
  'an admin': { of: 'admin' },
  'a user’s key with mux and chat': { of: 'user1', scopes: ['mux', 'chat'] },
  'a user’s key with mux alone': { of: 'user1', scopes: ['mux'] },
  'a user’s key with chat alone': { of: 'user1', scopes: ['chat'] },
  'a supervisor’s key with mux and chat': { of: 'supervisor1', scopes: ['mux', 'chat'] },
  'an admin’s key with mux and admin:read': { of: 'admin', scopes: ['mux', 'admin:read'] },
  'an agent’s key with control and mux': { of: 'admin', scopes: ['control', 'mux'] },
  'an agent’s key with control alone': { of: 'admin', scopes: ['control'] },
} as const satisfies Readonly<Record<string, { readonly of: Person; readonly scopes?: readonly string[] }>>;

const OPENED = 'OPENED';
const FORBIDDEN = 'session.forbidden';
/** There is no such chat for him: whether another has it he does not learn. */
const NONE = 'params.invalid';

/** What each gets for an OPEN, written down by hand from the protocol; undefined: he cannot even connect. */
const MATRIX: Readonly<Record<keyof typeof HOLDERS, Readonly<Record<string, string>> | undefined>> = {
  'a user': { own: OPENED, others: NONE, observe: FORBIDDEN, control: FORBIDDEN, echo: OPENED },
  'a supervisor': { own: OPENED, others: NONE, observe: OPENED, control: FORBIDDEN, echo: OPENED },
  'an admin': { own: OPENED, others: NONE, observe: OPENED, control: FORBIDDEN, echo: OPENED },
  'a user’s key with mux and chat': {
    own: OPENED,
    others: NONE,
    observe: FORBIDDEN,
    control: FORBIDDEN,
    echo: OPENED,
  },
  'a user’s key with mux alone': {
    own: FORBIDDEN,
    others: FORBIDDEN,
    observe: FORBIDDEN,
    control: FORBIDDEN,
    echo: OPENED,
  },
  'a user’s key with chat alone': undefined,
  'a supervisor’s key with mux and chat': {
    own: OPENED,
    others: NONE,
    observe: FORBIDDEN,
    control: FORBIDDEN,
    echo: OPENED,
  },
  'an admin’s key with mux and admin:read': {
    own: FORBIDDEN,
    others: FORBIDDEN,
    observe: FORBIDDEN,
    control: FORBIDDEN,
    echo: OPENED,
  },
  'an agent’s key with control and mux': {
    own: FORBIDDEN,
    others: FORBIDDEN,
    observe: FORBIDDEN,
    control: OPENED,
    echo: OPENED,
  },
  'an agent’s key with control alone': undefined,
};

/** What a chat answers to each operation of who may use it, with an id that is none: a status of HTTP, or an ERROR. */
const OPERATIONS: Readonly<Record<string, number | string>> = {
  follow: 204,
  stop: 400,
  update: 400,
  start: 200,
  delete: 'op.invalid',
  constructor: 'op.invalid',
};

describe('who may do what over multiplexed sessions', function () {
  this.timeout(120_000);
  let server: RunningServer;
  const people = new Map<Person, ApiClient>();
  const clients: MuxClient[] = [];
  let strangersChat: string;

  before(async () => {
    server = await RunningServer.start(['--demo', '--websocket-multiplexing-echo', '--model-pace', '20']);
    for (const name of Object.keys(PASSWORDS) as Person[]) {
      people.set(name, await ApiClient.login(server.urls, name, PASSWORDS[name]));
    }
    // A chat of somebody who is none of them, with a stream that runs as long as the test does.
    const { urls } = server;
    const account = { username: 'stranger', email: 'stranger@example.org', password: 'a Stranger 4711' };
    const signedUp = await person('admin').post('auth', '/api/auth/signup', account);
    expect(signedUp.status).to.equal(201);
    const stranger = await ApiClient.login(urls, 'stranger', account.password);
    const userId = (await stranger.get('auth', '/api/auth/me')).body.id as string;
    const grant = { userId, credits: 1_000 };
    expect((await person('admin').post('accounting', '/api/credits/allocate', grant)).status).to.equal(201);
    strangersChat = await stranger.createChat();
    await stranger.start(strangersChat, 'Tell me all that you know.');
  });
  after(async () => {
    for (const client of clients) client.socket.terminate();
    await server.dispose();
  });

  const person = (name: Person): ApiClient => people.get(name) as ApiClient;
  const credentialOf = async (holder: keyof typeof HOLDERS): Promise<string> => {
    const { of, scopes }: { of: Person; scopes?: readonly string[] } = HOLDERS[holder];
    if (scopes === undefined) return person(of).token ?? '';
    const draft = { name: holder, scopes, password: PASSWORDS[of] };
    return (await person(of).post('auth', '/api/keys', draft)).body.key as string;
  };
  const connect = async (credential: string): Promise<MuxClient> => {
    const client = await MuxClient.connect(server.urls.chat, credential);
    clients.push(client);
    return client;
  };
  const openingOf = async (holder: keyof typeof HOLDERS, what: string) => {
    if (what === 'echo' || what === 'control') return { kind: what, params: {} };
    const own = what === 'own' ? await person(HOLDERS[holder].of).createChat() : strangersChat;
    return { kind: what === 'observe' ? 'observe' : 'chat', params: { chatSessionId: own } };
  };

  for (const [holder, expected] of Object.entries(MATRIX) as Array<
    [keyof typeof HOLDERS, (typeof MATRIX)[keyof typeof HOLDERS]]
  >) {
    it(`${holder} opens what the protocol names, by the connection’s credential and by the session’s`, async () => {
      const credential = await credentialOf(holder);
      if (expected === undefined) {
        expect(await connect(credential).catch((error: Error) => error.message)).to.contain('403');
        const carried = await (await connect(person('user1').token ?? '')).ask('echo', { credential });
        expect(carried.json.code).to.equal(FORBIDDEN);
        return;
      }
      const [own, carrier] = [await connect(credential), await connect(person('user1').token ?? '')];
      for (const [what, answer] of Object.entries(expected)) {
        const { kind, params } = await openingOf(holder, what);
        for (const told of [
          await own.ask(kind, { params }),
          await carrier.ask(kind, { params, credential }),
        ]) {
          expect(told.name === 'OPENED' ? OPENED : told.json.code, what).to.equal(answer);
        }
      }
    });
  }

  /** What an operation of a chat is answered by. */
  const act = async (client: MuxClient, handle: string, op: string, chat: number): Promise<unknown> => {
    const ref = `${op} ${chat}`;
    client.send(handle, 'DATA', { ref, op, message: 'What is it?', streamingSessionId: 'none' });
    const isAnswer = ({ name, handle: at, bytes }: Received): boolean =>
      at === handle && (name === 'ERROR' || (name === 'DATA' && JSON.parse(bytes.toString()).ref === ref));
    const answer = await client.next(isAnswer);
    return answer.name === 'ERROR' ? answer.json.code : JSON.parse(answer.bytes.toString()).status;
  };

  it('each operation of a chat is done, refused by the rules of HTTP, or none', async () => {
    for (const [number, holder] of (
      ['a user', 'an admin', 'a user’s key with mux and chat'] as const
    ).entries()) {
      const client = await connect(await credentialOf(holder));
      const { params } = await openingOf(holder, 'own');
      const { handle } = await client.open('chat', { params });
      const answers: Record<string, unknown> = {};
      for (const op of Object.keys(OPERATIONS)) answers[op] = await act(client, handle, op, number);
      expect(answers, holder).to.deep.equal(OPERATIONS);
    }
  });

  it('each operation is looked at by what the session’s credential permits now, not when it was opened', async () => {
    const [wide, narrow] = [
      await credentialOf('a user’s key with mux and chat'),
      await credentialOf('a user’s key with mux alone'),
    ];
    const client = await connect(wide);
    const { params } = await openingOf('a user', 'own');
    const { handle } = await client.open('chat', { params });
    client.send(handle, 'AUTH', { credential: narrow });
    expect((await client.on(handle, 'AUTHED')).json.permissions).to.not.include('chat.use');
    for (const op of Object.keys(OPERATIONS)) {
      expect(await act(client, handle, op, 9), op).to.equal(FORBIDDEN);
    }
    client.send(handle, 'AUTH', { credential: wide });
    expect((await client.on(handle, 'AUTHED')).json.permissions).to.include('chat.use');
    expect(await act(client, handle, 'follow', 9)).to.equal(204);
  });

  it('a mirror takes no operation at all', async () => {
    const client = await connect(person('supervisor1').token ?? '');
    const { handle } = await client.open('observe', { params: { chatSessionId: strangersChat } });
    for (const op of Object.keys(OPERATIONS)) {
      client.send(handle, 'DATA', { ref: op, op });
      expect((await client.on(handle, 'ERROR')).json.code, op).to.equal('op.invalid');
    }
  });

  it('a message of 1 MiB is looked at, and one byte more closes the socket by 1009', async () => {
    const client = await connect(person('user1').token ?? '');
    client.send('00000001000000ff', 'DATA', Buffer.alloc(1_048_576 - 9));
    expect((await client.next(({ name }) => name === 'ERROR')).json.code).to.equal('session.unknown');
    client.send('00000001000000ff', 'DATA', Buffer.alloc(1_048_576 - 8));
    expect(await client.closed).to.equal(1009);
  });
});
