import { expect } from 'chai';
import { ChatService } from '../../../support/chat-service.ts';
import { eventually } from '../../../support/eventually.ts';
import { StreamingWorld } from '../../../support/streaming-world.ts';

const STREAM = '/api/chat/sessions/chat-1/stream';
const body = { message: 'How does it work?' };

describe('the stream routes', () => {
  let world: StreamingWorld;
  let chat: ChatService;
  beforeEach(async () => {
    world = await StreamingWorld.create();
    chat = await ChatService.start(world);
  });
  afterEach(() => chat.close());

  /** A model that says its answer by itself. */
  const answering = (...texts: readonly string[]): void => {
    world.model.onCall = (call) => {
      call.say(...texts);
      call.end();
    };
  };

  it('send the id and the headers of an event stream at once, before the model has said anything', async () => {
    const response = await chat.ask('anna', 'POST', STREAM, { body });
    expect(response.status).to.equal(200);
    expect(response.headers.get('content-type')).to.equal('text/event-stream; charset=utf-8');
    expect(response.headers.get('cache-control')).to.equal('no-store');
    expect(response.headers.get('x-accel-buffering')).to.equal('no');
    expect(response.headers.get('access-control-expose-headers')).to.contain('X-Streaming-Session-Id');
    expect([...world.store.streams.keys()]).to.deep.equal([response.headers.get('x-streaming-session-id')]);
    await response.body?.cancel();
  });

  it('write every event with its offset, and end the response after the last one', async () => {
    answering('Like ', 'this.');
    const text = await (await chat.ask('anna', 'POST', STREAM, { body })).text();
    expect(text.startsWith('retry: 2000\n\nid: 1\nevent: session\ndata: {')).to.equal(true);
    expect(text).to.contain(
      'id: 2\nevent: chunk\ndata: {"text":"Like "}\n\nid: 3\nevent: chunk\ndata: {"text":"this."}\n\n',
    );
    expect(text).to.match(/id: 4\nevent: done\ndata: \{.*\}\n\n$/);
  });

  it('send what follows a cursor, and 204 when the end has been delivered', async () => {
    answering('Like ', 'this.');
    const started = await chat.ask('anna', 'POST', STREAM, { body });
    await started.text();
    const resumed = await chat.ask('anna', 'GET', STREAM, { headers: { 'last-event-id': '2' } });
    expect(resumed.headers.get('x-streaming-session-id')).to.equal(
      started.headers.get('x-streaming-session-id'),
    );
    expect((await resumed.text()).match(/^id: \d+$/gm)).to.deep.equal(['id: 3', 'id: 4']);
    const nothing = await chat.ask('anna', 'GET', STREAM, { headers: { 'last-event-id': '4' } });
    expect([nothing.status, await nothing.text()]).to.deep.equal([204, '']);
    const lost = await chat.ask('anna', 'GET', STREAM, { headers: { 'last-event-id': '99' } });
    expect(await lost.text()).to.match(
      /^retry: 2000\n\nid: 4\nevent: error\ndata: \{"code":"stream.offset_lost"/,
    );
  });

  for (const cursor of ['x', '-1', '+1', '1.5', '1e3', '0x1', '1 2', '1, 2', '\u00b2', '']) {
    it(`refuse the cursor ${JSON.stringify(cursor)} with 400`, async () => {
      const { status, body } = await chat.json('anna', 'GET', STREAM, {
        headers: { 'last-event-id': cursor },
      });
      expect(status).to.equal(400);
      expect(body.errors).to.deep.equal([{ path: 'Last-Event-ID', message: 'must be a decimal integer' }]);
    });
  }

  for (const [what, cursor, offset, type] of [
    ['leading zeros', '002', 3, 'chunk'],
    ['more digits than a number has', '9'.repeat(1_000), 4, 'error'],
    ['the largest safe integer', '9007199254740991', 4, 'error'],
  ] as const) {
    it(`take a cursor with ${what} for the number that it is`, async () => {
      answering('Like ', 'this.');
      await (await chat.ask('anna', 'POST', STREAM, { body })).text();
      const response = await chat.ask('anna', 'GET', STREAM, { headers: { 'last-event-id': cursor } });
      expect(await response.text()).to.match(new RegExp(`^retry: 2000\n\nid: ${offset}\nevent: ${type}\n`));
    });
  }

  for (const [what, key] of [
    ['empty', ''],
    ['longer than 255', 'k'.repeat(256)],
    ['with a space', 'k 1'],
    ['sent twice', 'k1, k1'],
    ['not ASCII', 'cl\u00e9'],
  ] as const) {
    it(`refuse a key that is ${what} with 400 and start nothing`, async () => {
      const sent = { body, headers: { 'idempotency-key': key } };
      const answer = await chat.json('anna', 'POST', STREAM, sent);
      expect([answer.status, answer.body.code]).to.deep.equal([400, 'request.invalid']);
      expect(world.store.streams.size).to.equal(0);
    });
  }

  it('count characters as code points: 10,000 of them are taken, one more is 400', async () => {
    const message = '😀'.repeat(10_000);
    answering('Yes.');
    expect((await chat.ask('anna', 'POST', STREAM, { body: { message } })).status).to.equal(200);
    const { status, body: refused } = await chat.json('anna', 'POST', STREAM, {
      body: { message: `${message}x` },
    });
    expect([status, refused.errors]).to.deep.equal([
      400,
      [{ path: 'message', message: 'must have at most 10000 characters' }],
    ]);
  });

  it('go on when the reader has gone, so that he can come back', async () => {
    const gone = new AbortController();
    await chat.ask('anna', 'POST', STREAM, { body, signal: gone.signal });
    gone.abort();
    const id = [...world.store.streams.keys()][0];
    if (id === undefined) throw new Error('no stream is stored');
    await eventually(async () => expect(world.presence.progressedAtMs(id, 0)).to.equal(undefined));
    world.model.call.say('still here');
    world.model.call.end();
    const resumed = await chat.ask('anna', 'GET', STREAM, { headers: { 'last-event-id': '1' } });
    expect(await resumed.text()).to.contain('still here');
  });

  it('count nobody who had gone before the stream was open', async () => {
    const gate = Promise.withResolvers<void>();
    const reserve = world.holds.reserve.bind(world.holds);
    world.holds.reserve = async (request) => {
      await gate.promise;
      return reserve(request);
    };
    const gone = new AbortController();
    const started = chat.ask('anna', 'POST', STREAM, { body, signal: gone.signal }).catch(() => 'gone');
    const id = await eventually(async () => {
      const [first] = world.store.streams.keys();
      if (first === undefined) throw new Error('no stream is stored');
      return first;
    });
    const left = world.log.lines.length;
    gone.abort();
    expect(await started).to.equal('gone');
    await world.settle();
    gate.resolve();
    await eventually(async () => world.model.call);
    await eventually(async () => expect(world.presence.progressedAtMs(id, 1)).to.equal(undefined));
    expect(world.stored(id).state).to.equal('running');
    expect(world.log.lines.slice(left).some(({ level }) => level === 'error')).to.equal(false);
  });

  it('break a silence of 5 s with a comment', async () => {
    const response = await chat.ask('anna', 'POST', STREAM, { body });
    await world.timers.advance(5_000);
    world.model.call.end();
    expect(await response.text()).to.contain(': keepalive\n\n');
  });

  it('cut the connection without an end when the store has been away for too long', async () => {
    const response = await chat.ask('anna', 'POST', STREAM, { body });
    await eventually(async () => world.model.call);
    world.faults.append = new Error('disk full');
    world.faults.seal = world.faults.append;
    world.model.call.say('lost');
    const reading = response.text().then(
      () => 'ended',
      () => 'cut',
    );
    await world.timers.advance(11_000);
    expect(await reading).to.equal('cut');
  });

  it('answer a key that was used with the same stream, marked as replayed', async () => {
    answering('once');
    const headers = { 'idempotency-key': 'k-1' };
    const first = await chat.ask('anna', 'POST', STREAM, { body, headers });
    const text = await first.text();
    const again = await chat.ask('anna', 'POST', STREAM, { body, headers });
    expect(again.headers.get('idempotent-replayed')).to.equal('true');
    expect(again.headers.get('x-streaming-session-id')).to.equal(first.headers.get('x-streaming-session-id'));
    expect(await again.text()).to.equal(text);
    expect(first.headers.get('idempotent-replayed')).to.equal(null);
    expect(
      (await chat.json('anna', 'POST', STREAM, { body: { message: 'Other' }, headers })).status,
    ).to.equal(422);
    const long = { 'idempotency-key': 'k'.repeat(256) };
    expect((await chat.json('anna', 'POST', STREAM, { body, headers: long })).status).to.equal(400);
  });

  it('refuse in the order 401, 404, 409, 402', async () => {
    expect((await chat.json('nobody', 'POST', STREAM, { body })).status).to.equal(401);
    expect((await chat.json('bert', 'POST', STREAM, { body })).status).to.equal(404);
    world.holds.insufficient = true;
    expect((await chat.json('anna', 'POST', STREAM, { body })).body.code).to.equal('credit.insufficient');
    world.holds.insufficient = false;
    await world.begin();
    world.holds.insufficient = true;
    const active = await chat.ask('anna', 'POST', STREAM, { body });
    expect([active.status, active.headers.get('x-should-retry')]).to.deep.equal([409, 'false']);
  });

  for (const [what, tellUser] of [
    ['his login', false],
    ['the logins of his account', true],
  ] as const) {
    it(`cut a reader without an event when ${what} end, and nobody else; the stream goes on`, async () => {
      const started = await chat.ask('anna', 'POST', STREAM, { body });
      const observed = await chat.ask('sue', 'GET', '/api/chat/sessions/chat-1/observe');
      const read = started.text().catch(() => 'cut');
      chat.logins.end('anna', tellUser);
      expect(await read).to.equal('cut');
      expect((await chat.ask('anna', 'GET', STREAM)).status).to.equal(401);
      world.model.call.say('On it goes.');
      world.model.call.end();
      expect(await observed.text()).to.contain('On it goes.');
    });
  }

  it('cut everybody when ends were missed, since nobody can say whose; who is still let in comes back', async () => {
    const started = await chat.ask('anna', 'POST', STREAM, { body });
    const observed = await chat.ask('sue', 'GET', '/api/chat/sessions/chat-1/observe');
    const reads = [started, observed].map((response) => response.text().catch(() => 'cut'));
    chat.logins.lose();
    expect(await Promise.all(reads)).to.deep.equal(['cut', 'cut']);
    const back = await chat.ask('anna', 'GET', STREAM);
    world.model.call.say('On it goes.');
    world.model.call.end();
    expect(await back.text()).to.contain('On it goes.');
  });

  it('let a supervisor watch, his history marked off, and nobody else', async () => {
    const observe = '/api/chat/sessions/chat-1/observe';
    const idle = await chat.json('sue', 'GET', observe);
    expect([idle.status, idle.body.availableSessions]).to.deep.equal([404, []]);
    await world.begin();
    world.model.call.say('before');
    await world.settle();
    expect(
      (await chat.json('sue', 'GET', '/api/chat/sessions/other/observe')).body.availableSessions,
    ).to.deep.equal(['chat-1']);
    expect((await chat.json('anna', 'GET', observe)).status).to.equal(403);
    const response = await chat.ask('sue', 'GET', observe);
    world.model.call.say('after');
    world.model.call.end();
    const types = [...(await response.text()).matchAll(/^event: (.*)$/gm)].map(([, type]) => type);
    expect(types).to.deep.equal([
      'observer',
      'history-start',
      'session',
      'chunk',
      'history-end',
      'chunk',
      'done',
    ]);
    expect(
      world.audit.filter(({ act, outcome }) => act === 'stream.observe' && outcome === 'done'),
    ).to.have.length(1);
  });
});
