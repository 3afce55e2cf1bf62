import { expect } from 'chai';
import type { EventReader } from '../../support/api-client.ts';
import { beginEvents, deltaEvent, dripping } from '../../support/fake-upstream.ts';
import { expectSameEnd, FleetScenes } from '../../support/fleet-scenes.ts';
import { createUpstreamChat } from '../../support/upstream-server.ts';

/** Starts that race for the credit of one. */
const STARTS = 200;
/** Chats that they are spread over. */
const CHATS = 20;
/** Words whose way to another node is measured. */
const WORDS = 20;
/**
 * Longest median way of a word to another node, in milliseconds. Readers who look at the log four times a second, because
 * nothing tells them, would take more than twice as long.
 */
const WAY_LIMIT_MS = 50;
/** Longest time from the end of a login to the close of its readers on every node, in milliseconds. */
const REVOKED_WITHIN_MS = 1_000;

describe('three nodes behind a balancer that knows no affinity', function () {
  this.timeout(120_000);
  let scenes: FleetScenes;

  before(async () => {
    scenes = await FleetScenes.begin({ flags: ['--model-pace', '200'] });
  });
  after(() => scenes.end());

  it('make one first admin together, whose password one of them tells', () => {
    const telling = scenes.fleet.nodes.filter(({ output }) => /The first account\./.test(output));
    expect(telling).to.have.length(1);
  });

  it('keep every promise that verify looks at, through the balancer', async () => {
    const { fleet } = scenes;
    const people = ['--user', 'ann', '--admin', 'root', '--ca-file', fleet.caFile];
    const { code, stdout, stderr } = await fleet.command(['verify', '--url', fleet.url, ...people]);
    expect(code, `${stdout}\n${stderr}`).to.equal(0);
  });

  it('are one: a stream of the first is resumed on the second, observed on the third, stopped and acknowledged by any', async () => {
    const { chat, reader } = await scenes.running(0);
    const resumed = await scenes.follow(chat, 1);
    const observer = await scenes.fleet.client(scenes.admin.token, 2).observe(chat);
    expect(await observer.until(({ events }) => events.length > 0)).to.equal(true);

    const stopped = await scenes.at(1).stop(chat, reader.streamId);
    expect([stopped.status, stopped.body.state], JSON.stringify(stopped.body)).to.deep.equal([
      200,
      'stopped',
    ]);
    const end = await expectSameEnd([reader, resumed]);
    expect([end.type, end.data.finishReason]).to.deep.equal(['done', 'stopped']);
    expect((await observer.toEnd())?.data).to.deep.equal(end.data);
    expect(stopped.body.tokensUsed).to.equal(end.data.tokensUsed);
    expect(stopped.body.creditsCharged).to.equal(end.data.creditsCharged);

    const receipt = await scenes.user.update(chat, reader.streamId, reader.text);
    expect([receipt.status, receipt.body.receipt]).to.deep.equal([200, 'exact']);
  });

  it("stop a stream that another drives by its client's receipt", async () => {
    const { chat, reader } = await scenes.running(2);
    const receipt = await scenes.at(0).update(chat, reader.streamId, 'word ');
    expect([receipt.status, receipt.body.receipt]).to.deep.equal([200, 'stopped']);
    expect((await reader.toEnd())?.data.finishReason).to.equal('stopped');
    const request = scenes.upstream.requests.at(-1);
    await request?.closed;
  });

  it('carry what one stores to the readers of another at once', async () => {
    const words = Array.from({ length: WORDS }, () => Promise.withResolvers<void>());
    scenes.upstream.next(async (response) => {
      beginEvents(response);
      for (const { promise } of words) {
        await promise;
        response.write(deltaEvent({ content: 'word ' }));
      }
    });
    const chat = await createUpstreamChat(scenes.user);
    const own = await scenes.at(0).start(chat, 'Say something');
    const other = await scenes.at(1).resume(chat);
    expect(await other.until(({ events }) => events.length > 0)).to.equal(true);
    const ways: number[] = [];
    for (const [at, { resolve }] of words.entries()) {
      const arrived = async (reader: EventReader): Promise<number> => {
        expect(await reader.until(({ text }) => text.length >= (at + 1) * 5)).to.equal(true);
        return performance.now();
      };
      const both = Promise.all([arrived(own), arrived(other)]);
      resolve();
      const [ownMs, otherMs] = await both;
      ways.push(otherMs - ownMs);
    }
    ways.sort((left, right) => left - right);
    const told = [ways[WORDS / 2], ways[WORDS - 1]].map((ms) => `${ms?.toFixed(1)} ms`);
    process.stdout.write(
      `      another node's readers after its own: median ${told[0]}, longest ${told[1]}\n`,
    );
    expect(ways[WORDS / 2]).to.be.at.most(WAY_LIMIT_MS);
    expect((await scenes.user.stop(chat, own.streamId)).status).to.equal(200);
    await expectSameEnd([own, other]);
  });

  it(`give the credit of one stream to one of ${STARTS} starts at once`, async () => {
    const { fleet } = scenes;
    await fleet.createUser('poor');
    await fleet.grant('poor', '1');
    const poor = await fleet.login('poor');
    const chats = await Promise.all(Array.from({ length: CHATS }, () => createUpstreamChat(poor)));
    const before = scenes.upstream.requests.length;
    const outcomes = await Promise.all(
      Array.from({ length: STARTS }, async (_, number) => {
        const reader = await poor.start(chats[number % CHATS] ?? '', 'Say something');
        if (reader.response.status !== 200) await reader.toEnd();
        return { status: reader.response.status, reader, chat: chats[number % CHATS] ?? '' };
      }),
    );
    const won = outcomes.filter(({ status }) => status === 200);
    const refused = outcomes.filter(({ status }) => status === 402 || status === 409);
    expect([won.length, refused.length]).to.deep.equal([1, STARTS - 1]);
    expect(scenes.upstream.requests.length - before).to.equal(1);
    for (const { reader, chat } of won) {
      expect((await poor.stop(chat, reader.streamId)).status).to.equal(200);
      const end = await reader.toEnd();
      const { body } = await poor.get('accounting', '/api/credits/balance');
      expect(body.heldCredits).to.equal(0);
      expect(body.availableCredits).to.be.closeTo(1 - end?.data.creditsCharged, 1e-9);
    }
  });

  it('cut the readers of a login that has ended, on every node within a second', async () => {
    const { fleet } = scenes;
    await fleet.createUser('eve');
    await fleet.grant('eve', '10');
    const eve = await fleet.login('eve');
    const chat = await createUpstreamChat(eve);
    const readers = [await fleet.client(eve.token, 0).start(chat, 'Say something')];
    for (const place of [1, 2]) readers.push(await fleet.client(eve.token, place).resume(chat));
    for (const reader of readers) expect(await reader.until(({ text }) => text !== '')).to.equal(true);
    const cut = readers.map(async (reader) => ({ end: await reader.toEnd(), atMs: performance.now() }));
    expect((await eve.post('auth', '/api/auth/logout')).status).to.equal(200);
    const answeredAtMs = performance.now();
    for (const { end, atMs } of await Promise.all(cut)) {
      expect(end, 'a reader that is cut is told no end').to.equal(undefined);
      expect(atMs - answeredAtMs).to.be.at.most(REVOKED_WITHIN_MS);
    }
    for (const place of fleet.nodes.keys()) {
      expect((await fleet.client(eve.token, place).get('chat', '/api/chat/sessions')).status).to.equal(401);
    }
  });

  it('leave a store that the doctor finds healthy', () => scenes.expectHealthy());

  it('let one of them be stopped in order while the others serve, and hand its readers on', async () => {
    const { fleet } = scenes;
    scenes.upstream.next(dripping('bye ', 20));
    const { chat, reader } = await scenes.running(2);
    const elsewhere = await scenes.follow(chat, 0);
    const ended = fleet.node(2).end();
    expect((await scenes.user.stop(chat, reader.streamId)).status).to.equal(200);
    await expectSameEnd([elsewhere]);
    expect(await ended).to.equal(0);
    for (let asked = 0; asked < 6; asked += 1) {
      expect((await scenes.user.get('chat', '/api/chat/sessions')).status).to.equal(200);
    }
  });
});
