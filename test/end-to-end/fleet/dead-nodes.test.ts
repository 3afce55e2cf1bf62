import { expect } from 'chai';
import { eventually } from '../../support/eventually.ts';
import { expectSameEnd, FleetScenes } from '../../support/fleet-scenes.ts';
import { creditOf, TOKEN_PRICE } from '../../support/upstream-server.ts';

/** How long a node is waited for in these tests. */
const LEASE = ['--fleet-lease', '1s'];
/** Longest time until another node has ended what a dead one left, in milliseconds. */
const FOUND_WITHIN_MS = 10_000;
const HOUR_MS = 3_600_000;
/** How long a key lives: no longer than the test waits for its end, and long enough to be tried before. */
const KEY_LIFE = '10s';
const KEY_OVER_WITHIN_MS = 30_000;

describe('a fleet whose clocks are set wrong by an hour, each another way', function () {
  this.timeout(120_000);
  let scenes: FleetScenes;

  before(async () => {
    scenes = await FleetScenes.begin({
      flags: ['--model-pace', '200', ...LEASE],
      clocksAheadMs: [0, HOUR_MS, -HOUR_MS],
    });
  });
  after(() => scenes.end());

  const charged = (tokens: number): number => tokens * TOKEN_PRICE;

  /** With so short a lease a node of a busy machine may be taken for dead in the middle of a start, which says try again. */
  const begun = (place: number) => eventually(() => scenes.running(place));

  it('keeps every promise that verify looks at', async () => {
    const { fleet } = scenes;
    const people = ['--user', 'ann', '--admin', 'root', '--ca-file', fleet.caFile];
    const { code, stdout, stderr } = await fleet.command(['verify', '--url', fleet.url, ...people]);
    expect(code, `${stdout}\n${stderr}`).to.equal(0);
  });

  it('tells one time on all nodes, and says in the log whose machine shows another', async () => {
    const times: number[] = [];
    for (const place of scenes.fleet.nodes.keys()) {
      const { body } = await scenes.at(place).get('chat', '/health');
      times.push(Date.parse(body.timestamp) - Date.now());
    }
    for (const aheadMs of times) expect(aheadMs).to.be.within(-5_000, 5_000);
    expect(scenes.fleet.node(1).output).to.contain("this machine's clock is not MongoDB's");
    expect(scenes.fleet.node(0).output).not.to.contain("this machine's clock is not MongoDB's");
  });

  it('lets a token in until its time is over and no longer, on every node', async () => {
    const { fleet } = scenes;
    const scopes = ['--scope', 'chat'];
    const made = await fleet.command([
      ...['keys', 'create', '--user', 'ann', '--name', 'short', '--expires', KEY_LIFE, ...scopes],
    ]);
    expect(made.code, made.stderr).to.equal(0);
    const answers = (): Promise<number[]> =>
      Promise.all(
        [...fleet.nodes.keys()].map(
          async (place) =>
            (await fleet.client(made.stdout.trim(), place).get('chat', '/api/chat/sessions')).status,
        ),
      );
    expect(await answers()).to.deep.equal([200, 200, 200]);
    await eventually(async () => expect(await answers()).to.deep.equal([401, 401, 401]), KEY_OVER_WITHIN_MS);
  });

  it('ends what a killed node left, tells its readers, and bills what was produced', async () => {
    const before = await creditOf(scenes.user);
    const { chat } = await begun(1);
    const follower = await scenes.follow(chat, 0);
    const end = follower.toEnd();
    await scenes.fleet.node(1).end('SIGKILL');
    const killedAtMs = performance.now();
    expect((await end)?.data.code).to.equal('stream.interrupted');
    expect(performance.now() - killedAtMs).to.be.at.most(FOUND_WITHIN_MS);
    const again = await scenes.at(2).resume(chat);
    const told = await expectSameEnd([again, follower]);
    await eventually(async () => {
      const after = await creditOf(scenes.user);
      expect(after.heldCredits).to.equal(0);
      expect(before.availableCredits - after.availableCredits).to.be.closeTo(
        charged(told.data.tokensUsed),
        1e-9,
      );
    });
    expect(told.data.creditsCharged).to.be.closeTo(charged(told.data.tokensUsed), 1e-9);
    await scenes.fleet.restart(1);
  });

  it('fences a node that was paused: what it writes late changes nothing, and it says so and goes on', async () => {
    const { fleet } = scenes;
    const { chat, reader } = await begun(0);
    const follower = await scenes.follow(chat, 1);
    const end = follower.toEnd();
    fleet.balance([1, 2]);
    fleet.node(0).signal('SIGSTOP');
    const pausedAtMs = performance.now();
    expect((await end)?.data.code).to.equal('stream.interrupted');
    expect(performance.now() - pausedAtMs).to.be.at.most(FOUND_WITHIN_MS);
    fleet.node(0).signal('SIGCONT');
    fleet.balance();

    await eventually(async () => expect(fleet.node(0).output).to.contain('fenced'));
    await scenes.upstream.requests.at(-1)?.closed;
    // What the paused node's own reader was told is a beginning of what there is.
    await reader.toEnd();
    const whole = await scenes.at(2).resume(chat);
    await expectSameEnd([whole, follower]);
    expect(whole.text.startsWith(reader.text)).to.equal(true);

    // Between two incarnations it refuses what it would have to sign.
    const next = await begun(0);
    expect((await scenes.at(1).stop(next.chat, next.reader.streamId)).status).to.equal(200);
    expect((await next.reader.toEnd())?.data.finishReason).to.equal('stopped');
  });

  it('leaves a store that the doctor finds healthy', async () => {
    await eventually(async () => expect((await creditOf(scenes.user)).heldCredits).to.equal(0));
    await scenes.expectHealthy();
  });
});
