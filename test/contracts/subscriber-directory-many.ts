import { expect } from 'chai';
import type { SubscriberDirectory } from '../../src/application/ports/multiplexing/subscriber-directory.ts';
import { Subscriber } from '../../src/domain/multiplexing/subscriber.ts';
import type { SubscriberBounds } from '../../src/domain/multiplexing/subscriber-bounds.ts';
import type { SubscriberState } from '../../src/domain/multiplexing/subscriber-state.ts';
import { T0 } from '../support/ledger-builders.ts';
import { aRouteClaim, aSubscriber, left, muxId, owner } from '../support/subscriber-builders.ts';

/** More than anybody has here. */
const ROOM = { detached: 1_000, all: 1_000 };
const MANY = 300;

const both = (bounds: SubscriberBounds) => ({ mux: bounds, control: bounds });

/** What takes the place of a state when its holder goes. */
const leaving = (state: SubscriberState, nowMs = T0 + 5) => ({
  next: left(state, nowMs),
  expected: state.mark,
});

const byId = (states: readonly SubscriberState[]): SubscriberState[] =>
  states.toSorted((one, other) => (one.id < other.id ? -1 : 1));

/** How a `SubscriberDirectory` looks at many subscriptions, and changes many, at once. */
export function describeManySubscribers(directory: () => SubscriberDirectory): void {
  const claimed = async (numbers: readonly number[], whose = owner(1)): Promise<SubscriberState[]> => {
    const states = numbers.map((number) => aSubscriber({ id: muxId(number), owner: whose }));
    for (const state of states) await directory().put(state, { expected: undefined, bounds: ROOM });
    return states;
  };
  const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

  it('finds those that there are of many ids', async () => {
    const [first, second] = await claimed([1, 2]);
    const found = await directory().findAll([muxId(2), muxId(404), muxId(1)]);
    expect(byId(found)).to.deep.equal([first, second]);
    expect(await directory().findAll([])).to.deep.equal([]);
  });

  it(`stores ${MANY} states in the place of those that they came from, whole`, async function () {
    this.timeout(30_000);
    const states = await claimed(numbers(MANY));
    const { stored, released } = await directory().replaceAll(
      states.map((state) => leaving(state)),
      both(ROOM),
    );
    expect(stored).to.deep.equal(new Set(states.map(({ id }) => id)));
    expect(released).to.deep.equal([]);
    const found = await directory().list({ realm: 'mux', limit: MANY + 1 });
    expect(found).to.deep.equal(byId(states.map((state) => leaving(state).next)));
    expect(await directory().nodes(), 'nobody holds any of them').to.deep.equal([]);
    expect(await directory().expire(Number.MAX_SAFE_INTEGER, MANY + 1)).to.equal(MANY);
    expect(await directory().replaceAll([], both(ROOM))).to.deep.equal({ stored: new Set(), released: [] });
  });

  it('leaves alone what has changed meanwhile or is not there, and stores the others', async () => {
    const [first, moved, third] = (await claimed([1, 2, 3])) as [
      SubscriberState,
      SubscriberState,
      SubscriberState,
    ];
    const latest = { ...moved, mark: 'moved on', epoch: 2 };
    await directory().put(latest, { expected: moved.mark, bounds: ROOM });
    const gone = aSubscriber({ id: muxId(9) });
    const { stored } = await directory().replaceAll(
      [first, moved, gone, third].map((state) => leaving(state)),
      both(ROOM),
    );
    expect(stored).to.deep.equal(new Set([first.id, third.id]));
    expect(await directory().find(moved.id)).to.deep.equal(latest);
    expect(await directory().find(gone.id)).to.equal(undefined);
    expect(await directory().find(third.id)).to.deep.equal(leaving(third).next);
  });

  it('stores each for one of two who change it at once', async () => {
    const states = await claimed(numbers(40));
    const change = (name: string) =>
      directory().replaceAll(
        states.map((state) => {
          const to = { nowMs: T0 + 9, mark: `${name} ${state.id}` };
          const next = Subscriber.restore(state).detachNode('node-1', to)?.snapshot() as SubscriberState;
          return { next, expected: state.mark };
        }),
        both(ROOM),
      );
    const [one, other] = await Promise.all([change('one'), change('other')]);
    expect(one.stored.size + other.stored.size).to.equal(states.length);
    for (const { id } of states) {
      const name = one.stored.has(id) ? 'one' : 'other';
      expect((await directory().find(id))?.mark).to.equal(`${name} ${id}`);
    }
  });

  it('releases what each owner then has too many of in a realm, those that were left first, first', async () => {
    const bounds = { detached: 3, all: 9 };
    const mine = await claimed([1, 2, 3, 4, 5]);
    const theirs = await claimed([6, 7], owner(2));
    const route = left(aSubscriber({ ...aRouteClaim(), owner: owner(1) }), T0);
    await directory().put(route, { expected: undefined, bounds: ROOM });
    const changes = [
      ...mine.map((state, index) => leaving(state, T0 + 100 - index)),
      ...theirs.map((state) => leaving(state)),
    ];
    const { stored, released } = await directory().replaceAll(changes, both(bounds));
    expect(stored.size).to.equal(7);
    expect(released).to.deep.equal([changes[4]?.next, changes[3]?.next]);
    const kept = await directory().list({ realm: 'mux', limit: 9 });
    expect(kept.map(({ id }) => id)).to.deep.equal([1, 2, 3, 6, 7].map(muxId));
    expect(await directory().find(route.id)).to.deep.equal(route);
  });

  it('releases nothing that somebody is connected to, however narrow the bounds are', async () => {
    const [held, leaves] = (await claimed([1, 2])) as [SubscriberState, SubscriberState];
    const change = leaving(leaves);
    const { released } = await directory().replaceAll([change], both({ detached: 1, all: 1 }));
    expect(released).to.deep.equal([change.next]);
    expect(await directory().find(held.id)).to.deep.equal(held);
  });
}
