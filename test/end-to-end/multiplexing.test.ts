import { expect } from 'chai';
import { ApiClient } from '../support/api-client.ts';
import { ALLOWED_SOCKETS } from '../support/doors.ts';
import { eventually } from '../support/eventually.ts';
import { MuxClient } from '../support/mux-client.ts';
import { RunningServer } from '../support/running-server.ts';
import { askForSocket, type UpgradeAnswer } from '../support/upgrade-client.ts';

const FLAGS = [
  '--demo',
  '--websocket-multiplexing-echo',
  '--websocket-multiplexing-max-connections-per-principal',
  '6',
];

describe('multiplexed sessions', function () {
  this.timeout(60_000);
  let server: RunningServer;
  let user: ApiClient;
  let other: ApiClient;
  const clients: MuxClient[] = [];

  before(async () => {
    server = await RunningServer.start(FLAGS);
    user = await ApiClient.login(server.urls, 'user1', 'User1@123');
    other = await ApiClient.login(server.urls, 'supervisor1', 'Supervisor1@');
  });
  after(() => server.dispose());
  afterEach(async () => {
    for (const client of clients.splice(0)) {
      client.socket.terminate();
      await client.closed;
    }
  });

  const connect = async (who = user, options: { readonly batch?: boolean } = {}): Promise<MuxClient> => {
    const client = await MuxClient.connect(server.urls.chat, who.token, options);
    clients.push(client);
    return client;
  };
  const echoed = async (client: MuxClient, handle: string, text: string): Promise<string> => {
    client.send(handle, 'DATA', Buffer.from(text));
    return (await client.on(handle, 'DATA')).bytes.toString();
  };

  for (const batch of [false, true]) {
    it(`carries each session's messages to it alone, ${batch ? 'in batches' : 'one by one'}`, async () => {
      const client = await connect(user, { batch });
      const sessions = await Promise.all(Array.from({ length: 20 }, () => client.open('echo')));
      expect(new Set(sessions.map(({ handle }) => handle)).size).to.equal(20);
      for (let round = 0; round < 20; round += 1) {
        for (const { handle } of sessions) client.send(handle, 'DATA', Buffer.from(`${handle} ${round}`));
      }
      await eventually(async () => {
        expect(client.received.filter(({ name }) => name === 'DATA').length).to.equal(400);
      });
      for (const { handle } of sessions) {
        const got = client.received.filter((frame) => frame.name === 'DATA' && frame.handle === handle);
        expect(got.map(({ bytes }) => bytes.toString())).to.deep.equal(
          Array.from({ length: 20 }, (_, round) => `${handle} ${round}`),
        );
      }
    });
  }

  it('tells with OPENED what a session is and what it may do', async () => {
    const opened = await (await connect()).open('echo');
    expect(opened.handle).to.match(/^[0-9a-f]{16}$/);
    expect(opened.sessionId).to.match(/^[\w-]{32}$/);
    expect(opened).to.include({ kind: 'echo', recovered: true, offset: 0, epoch: 1, window: 262_144 });
    expect(opened.limits).to.deep.equal({ ratePerMinute: 1_000, burst: 100, maxMessageBytes: 65_536 });
    expect(opened.permissions).to.include('chat.use').and.not.include('chat.observe');
    expect(opened.expiresAt).to.be.greaterThan(Date.now());
  });

  it('gives a session back to its owner after a cut, once for each token', async () => {
    const first = await connect();
    const { sessionId, resumeToken } = await first.open('echo');
    first.socket.terminate();
    const second = await connect();
    const resume = { sessionId, token: resumeToken, offset: 0 };
    const back = await second.open('echo', { resume });
    expect(back).to.include({ sessionId, epoch: 2 });
    expect(await echoed(second, back.handle, 'heard')).to.equal('heard');
    const used = await second.ask('echo', { resume });
    expect(used.json.code).to.equal('session.owned_by_other');
  });

  it('takes a token as spent once its client has sent a frame in the new epoch, be it a CLOSE', async () => {
    for (const [name, payload] of [
      ['CLOSE', { code: 1001, reason: 'away' }],
      ['PING', Buffer.alloc(1)],
    ] as const) {
      const client = await connect();
      const { sessionId, resumeToken, handle } = await client.open('echo');
      const resume = { sessionId, token: resumeToken, offset: 0 };
      const back = await client.open('echo', { resume });
      expect((await client.on(handle, 'CLOSE')).json.code).to.equal(4501);
      client.send(back.handle, name, payload);
      if (name !== 'CLOSE') client.socket.terminate();
      else expect((await client.on(back.handle, name)).json.code).to.equal(1001);
      const again = await connect();
      expect((await again.ask('echo', { resume })).json.code, name).to.equal('session.owned_by_other');
    }
  });

  it('moves a session to where its owner takes it, and closes it where it was', async () => {
    const first = await connect();
    const { handle, sessionId, resumeToken } = await first.open('echo');
    const sibling = await first.open('echo');
    const second = await connect();
    const resume = { sessionId, token: resumeToken, offset: 0 };
    const moved = await second.open('echo', { resume });
    expect((await first.on(handle, 'CLOSE')).json.code).to.equal(4501);
    expect(await echoed(first, sibling.handle, 'undisturbed')).to.equal('undisturbed');
    expect(await echoed(second, moved.handle, 'here')).to.equal('here');
  });

  it('refuses everybody else with one identical error, and disturbs the holder by nothing', async () => {
    const mine = await connect();
    const { handle, sessionId, resumeToken } = await mine.open('echo');
    const thief = await connect(other);
    const told: unknown[] = [];
    for (const [id, token] of [
      [sessionId, resumeToken],
      [sessionId, 'w'.repeat(43)],
      ['x'.repeat(32), resumeToken],
      ['not an id', resumeToken],
    ]) {
      const { ref, ...refusal } = (await thief.ask('echo', { resume: { sessionId: id, token, offset: 0 } }))
        .json;
      told.push(refusal);
    }
    const wrong = await mine.ask('echo', { resume: { sessionId, token: 'w'.repeat(43), offset: 0 } });
    const { ref: _ref, ...own } = wrong.json;
    expect(own.code).to.equal('session.owned_by_other');
    for (const refusal of told) expect(refusal).to.deep.equal(own);
    expect(await echoed(mine, handle, 'still mine')).to.equal('still mine');
  });

  it('records who has opened, taken over and taken back a session', async () => {
    const client = await connect();
    const { sessionId, resumeToken } = await client.open('echo');
    const second = await connect();
    const moved = await second.open('echo', { resume: { sessionId, token: resumeToken, offset: 0 } });
    second.send(moved.handle, 'CLOSE', { code: 1001 });
    await second.on(moved.handle, 'CLOSE');
    const back = { sessionId, token: moved.resumeToken, offset: 0 };
    await eventually(async () =>
      expect((await second.ask('echo', { resume: back })).name).to.equal('OPENED'),
    );
    const admin = await ApiClient.login(server.urls, 'admin', 'admin@admin');
    const userId = (await user.get('auth', '/api/auth/me')).body.id;
    const { body } = await admin.get('chat', '/api/audit?limit=100');
    const records = body.records.filter(({ object }: { object: string }) => object === `mux:${sessionId}`);
    expect(records.map(({ act, actor }: { act: string; actor: string }) => [act, actor])).to.deep.equal([
      ['mux.session_opened', userId],
      ['mux.session_superseded', userId],
      ['mux.session_resumed', userId],
    ]);
  });

  it('ends a session for good when its client closes it with 1000', async () => {
    const client = await connect();
    const { handle, sessionId, resumeToken } = await client.open('echo');
    client.send(handle, 'CLOSE', { code: 1000, reason: 'done' });
    expect((await client.on(handle, 'CLOSE')).json).to.deep.equal({ code: 1000, reason: 'done' });
    await eventually(async () => {
      const resume = { sessionId, token: resumeToken, offset: 0 };
      const answer = await client.ask('echo', { resume });
      expect(answer.json.code).to.equal('session.owned_by_other');
    });
  });

  it('closes the sessions and the socket of a login that is ended within a second, and no others', async () => {
    const short = await ApiClient.login(server.urls, 'supervisor1', 'Supervisor1@');
    const lasting = await connect();
    const sibling = await lasting.open('echo');
    const guest = await lasting.open('echo', { credential: short.token });
    const own = await connect(short);
    await own.open('echo');
    const begun = performance.now();
    await short.post('auth', '/api/auth/logout-all');
    expect(await own.closed).to.equal(4401);
    expect((await lasting.on(guest.handle, 'CLOSE')).json.code).to.equal(4401);
    expect(performance.now() - begun).to.be.lessThan(1_000);
    expect(await echoed(lasting, sibling.handle, 'undisturbed')).to.equal('undisturbed');
    other = await ApiClient.login(server.urls, 'supervisor1', 'Supervisor1@');
  });

  it('lets a flooding session hurt itself alone', async () => {
    const client = await connect();
    const [flooding, quiet] = [await client.open('echo'), await client.open('echo')];
    for (let count = 0; count < 200; count += 1) client.send(flooding.handle, 'DATA', Buffer.from('x'));
    const refused = await client.on(flooding.handle, 'ERROR');
    expect(refused.json.code).to.equal('rate.limited');
    expect(refused.json.retryAfterMs).to.be.within(1, 60);
    expect((await client.on(flooding.handle, 'CLOSE')).json.code).to.equal(4029);
    expect(await echoed(client, quiet.handle, 'quiet')).to.equal('quiet');
  });

  it('refuses what it does not understand, each with its code', async () => {
    const client = await connect();
    expect((await client.ask('nothing')).json.code).to.equal('kind.unknown');
    expect((await client.ask('echo', { credential: 'no token' })).json.code).to.equal('auth.invalid');
    client.send('00000001000000ff', 'DATA', Buffer.from('x'));
    expect((await client.next(({ name }) => name === 'ERROR')).json.code).to.equal('session.unknown');
    client.socket.send('text');
    expect(await client.closed).to.equal(1003);
    const broken = await connect();
    broken.socket.send(Buffer.alloc(8));
    expect(await broken.closed).to.equal(1002);
  });

  it('renews the authority of a session in place, by the same principal alone', async () => {
    const client = await connect();
    const { handle } = await client.open('echo');
    client.send(handle, 'AUTH', { credential: other.token });
    expect((await client.on(handle, 'ERROR')).json.code).to.equal('auth.other_principal');
    const again = await ApiClient.login(server.urls, 'user1', 'User1@123');
    client.send(handle, 'AUTH', { credential: again.token });
    expect((await client.on(handle, 'AUTHED')).json.permissions).to.include('chat.use');
    expect(await echoed(client, handle, 'renewed')).to.equal('renewed');
  });

  describe('before the upgrade', () => {
    const ask = async (headers: Record<string, string>): Promise<UpgradeAnswer> => {
      const answer = await askForSocket(`${server.urls.chat}/ws/mux`, headers);
      answer.socket?.terminate();
      return answer;
    };

    it('asks for its subprotocol', async () => {
      for (const offered of [
        '',
        'other',
        'HOLDFAST.MUX.V1',
        'holdfast.mux.v1,',
        'holdfast.mux.v1, holdfast.mux.v1',
      ]) {
        const offer: Record<string, string> = offered === '' ? {} : { 'sec-websocket-protocol': offered };
        const answer = await ask({ authorization: `Bearer ${user.token}`, ...offer });
        expect([answer.status, answer.body.code], offered).to.deep.equal([400, 'request.invalid']);
      }
    });

    it('compresses nothing, also where a client offers to', async () => {
      const { socket } = await connect(user);
      expect([socket.extensions, socket.protocol]).to.deep.equal(['', 'holdfast.mux.v1']);
    });

    it('lets in whom the list of doors names', async () => {
      expect(ALLOWED_SOCKETS['GET /ws/mux']).to.deep.equal(['user', 'supervisor', 'admin']);
      expect((await ask({})).body.code).to.equal('credential.missing');
      expect((await ask({ authorization: 'Bearer nothing' })).status).to.equal(401);
      for (const [name, password] of [
        ['user1', 'User1@123'],
        ['supervisor1', 'Supervisor1@'],
        ['admin', 'admin@admin'],
      ] as const) {
        const who = await ApiClient.login(server.urls, name, password);
        expect((await (await connect(who)).open('echo')).kind, name).to.equal('echo');
      }
    });

    it('refuses more attempts from one network than it may make, good ones and bad', async () => {
      const limited = await RunningServer.start([
        ...FLAGS,
        '--websocket-multiplexing-connection-attempts',
        '5/min',
      ]);
      try {
        const attempt = (headers: Record<string, string>) =>
          askForSocket(`${limited.urls.chat}/ws/mux`, {
            'sec-websocket-protocol': 'holdfast.mux.v1',
            ...headers,
          });
        for (let made = 0; made < 5; made += 1) {
          expect((await attempt({ authorization: 'Bearer nothing' })).body.code).to.equal(
            'credential.invalid',
          );
        }
        const who = await ApiClient.login(limited.urls, 'user1', 'User1@123');
        for (const headers of [
          {},
          { authorization: 'Bearer nothing' },
          { authorization: `Bearer ${who.token}` },
        ]) {
          const refused = await attempt(headers);
          expect([refused.status, refused.body.code]).to.deep.equal([429, 'connection.throttled']);
          expect(Number(refused.headers['retry-after'])).to.be.within(1, 60);
        }
      } finally {
        await limited.dispose();
      }
    });

    it('refuses more connections of one principal than he may have, and records it', async () => {
      const admin = await ApiClient.login(server.urls, 'admin', 'admin@admin');
      await Promise.all(Array.from({ length: 6 }, () => connect(admin)));
      const answer = await ask({
        authorization: `Bearer ${admin.token}`,
        'sec-websocket-protocol': 'holdfast.mux.v1',
      });
      expect([answer.status, answer.body.code]).to.deep.equal([429, 'connection.limit_reached']);
      expect((await (await connect(other)).open('echo')).kind).to.equal('echo');
      await eventually(async () => {
        const { records } = (await admin.get('chat', '/api/audit?limit=100')).body;
        const codes = records.map((record: { facts?: { code?: string } }) => record.facts?.code);
        expect(codes).to.include('limit.connections');
      });
    });
  });

  it('says goodbye before the server stops', async () => {
    const stopping = await RunningServer.start(FLAGS);
    try {
      const who = await ApiClient.login(stopping.urls, 'user1', 'User1@123');
      const client = await MuxClient.connect(stopping.urls.chat, who.token);
      await client.open('echo');
      const ended = stopping.end('SIGTERM');
      expect((await client.next(({ name }) => name === 'GOAWAY')).json.reconnectAfterMs).to.be.a('number');
      expect(await client.closed).to.equal(4000);
      expect(await ended).to.equal(0);
    } finally {
      await stopping.dispose();
    }
  });
});
