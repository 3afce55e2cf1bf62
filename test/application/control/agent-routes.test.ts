import { expect } from 'chai';
import { CryptoIdSource } from '../../../src/adapters/outbound/system/crypto-id-source.ts';
import { NodeDigest } from '../../../src/adapters/outbound/system/node-digest.ts';
import {
  AgentRoutes,
  LINGER_MS,
  LOOK_AT_ALL_MS,
  LOOK_AT_ROUTES_MS,
} from '../../../src/application/control/agent-routes.ts';
import { ClaimSubscription } from '../../../src/application/multiplexing/claim-subscription.ts';
import { LeaveSubscription } from '../../../src/application/multiplexing/leave-subscription.ts';
import { PortError } from '../../../src/application/ports/port-error.ts';
import type { AgentRoute } from '../../../src/domain/control/agent-event-state.ts';
import { DomainError } from '../../../src/domain/domain-error.ts';
import { controlSubscriberId } from '../../../src/domain/multiplexing/subscriber-id.ts';
import type { NodeId } from '../../../src/domain/streaming/node-id.ts';
import { ControlDesk } from '../../support/control-desk.ts';
import { RecordingWatchman } from '../../support/recording-watchman.ts';

const LEASE_MS = 60_000;
const BOUNDS = { detached: 1_000, all: 1_000 };
const ROUTE: AgentRoute = { owner: 'agent:night', sessionId: 'sess-1' };
const THEIRS: AgentRoute = { owner: 'agent:day', sessionId: 'sess-1' };

describe("what a node holds of agents' sessions", () => {
  let desk: ControlDesk;
  let lost: AgentRoute[];
  let stop: AbortController;
  /** Whether the directory is out of reach. */
  let isAway: boolean;
  /** How often the directory was asked. */
  let asked: number;
  beforeEach(() => {
    desk = new ControlDesk();
    lost = [];
    stop = new AbortController();
    isAway = false;
    asked = 0;
  });
  afterEach(() => stop.abort());

  const node = (name: string, own: { id: NodeId } = { id: name as NodeId }): AgentRoutes => {
    const { clock, ids, audit, metrics, bus, timers, log } = desk;
    const directory = new Proxy(desk.directory, {
      get: (target, member) => {
        const value: unknown = Reflect.get(target, member);
        if (typeof value !== 'function') return value;
        return async (...given: unknown[]) => {
          asked += 1;
          if (isAway) throw new PortError('unavailable', 'directory', 'away');
          return value.apply(target, given);
        };
      },
    });
    const deps = { directory, clock, ids: ids ?? new CryptoIdSource(), digest: new NodeDigest() };
    const told = { audit, metrics, watchman: new RecordingWatchman() };
    const routes = new AgentRoutes({
      claim: new ClaimSubscription({ ...deps, ...told, leaseMs: LEASE_MS }),
      leave: new LeaveSubscription(deps),
      directory,
      node: own,
      bus,
      clock,
      timers,
      log,
    });
    void routes.execute({ signal: stop.signal, onLost: (route) => lost.push(route) });
    return routes;
  };
  const main = { route: ROUTE, isMain: true };
  const other = { route: ROUTE, isMain: false };
  const holders = async (): Promise<readonly string[]> =>
    ((await desk.directory.find(controlSubscriberId(ROUTE.sessionId)))?.holders ?? []).map(
      ({ connection }) => connection,
    );
  const refusal = (entering: Promise<void>): Promise<unknown> =>
    entering.then(
      () => undefined,
      (error: unknown) => error,
    );

  it('is held once for all connections, until the last main one has gone', async () => {
    const routes = node('n1');
    await Promise.all([routes.enter(main), routes.enter(main)]);
    expect(await holders()).to.deep.equal(['n1/main']);
    await routes.left(main);
    expect(await holders()).to.deep.equal(['n1/main']);
    await routes.left(main);
    expect([await holders(), routes.size]).to.deep.equal([[], 0]);
  });

  it('is another owner’s to nobody, and stays its owner’s after he has gone, until the lease ends', async () => {
    const [one, two] = [node('n1'), node('n2')];
    await one.enter(main);
    const theirs = { route: THEIRS, isMain: true };
    expect(await refusal(two.enter(theirs)))
      .to.be.instanceOf(DomainError)
      .and.include({ code: 'subscriber.owned_by_other' });
    expect(two.size).to.equal(0);
    await one.left(main);
    desk.clock.advance(LEASE_MS - 1);
    expect(await refusal(two.enter(theirs))).to.be.instanceOf(DomainError);
    desk.clock.advance(1);
    expect(await refusal(two.enter(theirs))).to.equal(undefined);
  });

  it('is kept for a while after the last connection that is no main one, which may be back at once', async () => {
    const routes = node('n1');
    await routes.enter(other);
    expect(await holders()).to.deep.equal(['n1/any']);
    await routes.left(other);
    await desk.timers.advance(LINGER_MS - LOOK_AT_ROUTES_MS);
    expect(await holders()).to.deep.equal(['n1/any']);
    await desk.timers.advance(2 * LOOK_AT_ROUTES_MS);
    expect([await holders(), routes.size]).to.deep.equal([[], 0]);
  });

  it('goes from main connections to the others without a moment in which nobody holds it', async () => {
    const routes = node('n1');
    await routes.enter(main);
    await routes.enter(other);
    expect(await holders()).to.deep.equal(['n1/main']);
    await routes.left(main);
    expect(await holders()).to.deep.equal(['n1/any']);
  });

  it('lets nobody in while the directory is out of reach, and keeps nothing of who was not', async () => {
    const routes = node('n1');
    isAway = true;
    expect(await refusal(routes.enter(main))).to.be.instanceOf(PortError);
    expect(routes.size).to.equal(0);
  });

  it('is left in the directory later, when that was out of reach as the connection went', async () => {
    const routes = node('n1');
    await routes.enter(main);
    isAway = true;
    await routes.left(main);
    isAway = false;
    expect(await holders()).to.deep.equal(['n1/main']);
    await desk.timers.advance(LOOK_AT_ROUTES_MS);
    expect([await holders(), routes.size]).to.deep.equal([[], 0]);
  });

  it('is claimed anew by a node that others took for dead and that has another name now', async () => {
    const own = { id: 'n1' as NodeId };
    const routes = node('n1', own);
    await routes.enter(main);
    own.id = 'n1-again' as NodeId;
    await desk.timers.advance(LOOK_AT_ROUTES_MS);
    expect(await holders()).to.include('n1-again/main');
    expect(lost).to.deep.equal([]);
  });

  it('is lost at once when an operator takes it from its owner, and said so to nobody else', async () => {
    const routes = node('n1');
    await routes.enter(main);
    const elsewhere = { ...ROUTE, sessionId: 'sess-2' };
    await routes.enter({ route: elsewhere, isMain: true });
    const id = controlSubscriberId(ROUTE.sessionId);
    const stored = await desk.directory.find(id);
    await desk.directory.remove(id, stored?.mark ?? '');
    desk.bus.tellControl({ kind: 'owners', sessionId: ROUTE.sessionId });
    await desk.timers.advance(0);
    expect(lost).to.deep.equal([ROUTE]);
    // Its connections may take a while to go; until then it is not claimed anew for them.
    await desk.timers.advance(2 * LOOK_AT_ROUTES_MS);
    expect(await desk.directory.find(id)).to.equal(undefined);
    await routes.left(main);
    expect(routes.size).to.equal(1);
    await routes.enter(main);
    expect(await holders()).to.deep.equal(['n1/main']);
  });

  it('is found lost in a bounded time though the word of it was lost, of which nobody knows', async () => {
    const routes = node('n1');
    const many = Array.from({ length: 100 }, (_, at) => ({ ...ROUTE, sessionId: `sess-${at}` }));
    for (const route of many) await routes.enter({ route, isMain: true });
    for (const { sessionId } of many) {
      const id = controlSubscriberId(sessionId);
      await desk.directory.remove(id, (await desk.directory.find(id))?.mark ?? '');
    }
    await desk.timers.advance(LOOK_AT_ALL_MS + LOOK_AT_ROUTES_MS);
    expect(new Set(lost.map(({ sessionId }) => sessionId)).size).to.equal(many.length);
    expect(lost).to.have.length(many.length);
  });

  it('stays held for its next owner when the one from whom it was taken unnoticed goes, on the same node', async () => {
    const routes = node('n1');
    await routes.enter(main);
    const id = controlSubscriberId(ROUTE.sessionId);
    await desk.directory.remove(id, (await desk.directory.find(id))?.mark ?? '');
    desk.clock.advance(1);
    await routes.enter({ route: THEIRS, isMain: true });
    await routes.left(main);
    expect((await desk.directory.find(id))?.owner).to.equal(THEIRS.owner);
    expect(await holders()).to.deep.equal(['n1/main']);
  });

  it('is held again by a node that another has put out of it', async () => {
    const routes = node('n1');
    await routes.enter(main);
    const id = controlSubscriberId(ROUTE.sessionId);
    const stored = await desk.directory.find(id);
    if (stored === undefined) throw new Error('it is nobody’s');
    await desk.directory.put(
      { ...stored, holders: [], mark: 'another' },
      { expected: stored.mark, bounds: BOUNDS },
    );
    await desk.timers.advance(LOOK_AT_ALL_MS + 2 * LOOK_AT_ROUTES_MS);
    expect(await holders()).to.deep.equal(['n1/main']);
    expect(lost).to.deep.equal([]);
  });

  it('is compared with the directory a part at a time, so that many sessions cost no burst of reads', async () => {
    const routes = node('n1');
    const many = Array.from({ length: 90 }, (_, at) => ({ ...ROUTE, sessionId: `sess-${at}` }));
    for (const route of many) await routes.enter({ route, isMain: true });
    asked = 0;
    await desk.timers.advance(LOOK_AT_ROUTES_MS);
    expect(asked).to.equal(Math.ceil((many.length * LOOK_AT_ROUTES_MS) / LOOK_AT_ALL_MS));
  });

  it('lets go of everything when the node stops, also of what lingers', async () => {
    const routes = node('n1');
    await routes.enter(other);
    await routes.left(other);
    await routes.leaveAll();
    expect([await holders(), routes.size]).to.deep.equal([[], 0]);
  });
});
