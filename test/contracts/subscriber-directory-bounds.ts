import { expect } from 'chai';
import type { SubscriberDirectory } from '../../src/application/ports/multiplexing/subscriber-directory.ts';
import type { SubscriberBounds } from '../../src/domain/multiplexing/subscriber-bounds.ts';
import type { SubscriberState } from '../../src/domain/multiplexing/subscriber-state.ts';
import { T0 } from '../support/ledger-builders.ts';
import { aRouteClaim, aSubscriber, left, muxId, owner } from '../support/subscriber-builders.ts';

/** How a `SubscriberDirectory` bounds what one owner has. */
export function describeSubscriberBounds(directory: () => SubscriberDirectory): void {
  const put = (state: SubscriberState, bounds: SubscriberBounds, expected?: string) =>
    directory().put(state, { expected, bounds });
  const count = async (): Promise<number> =>
    (await directory().list({ realm: 'mux', owner: owner(1), limit: 1_000 })).length;

  it('releases what an owner left first when he leaves more than he may, and nothing of others', async () => {
    const bounds = { detached: 2, all: 9 };
    const foreign = left(aSubscriber({ id: muxId(9), owner: owner(2) }), T0);
    const route = left(aSubscriber({ ...aRouteClaim(), owner: owner(1) }), T0);
    await put(foreign, bounds);
    await put(route, bounds);
    const [second, first] = [1, 2].map((number) =>
      left(aSubscriber({ id: muxId(number) }), T0 + 10 - number),
    );
    for (const state of [first, second]) await put(state as SubscriberState, bounds);
    const third = aSubscriber({ id: muxId(3) });
    expect(await put(third, bounds)).to.deep.equal({ kind: 'stored', released: [] });
    const outcome = await put(left(third, T0 + 20), bounds, third.mark);
    expect(outcome).to.deep.equal({ kind: 'stored', released: [first] });
    expect(await directory().find(muxId(2))).to.equal(undefined);
    for (const kept of [second, foreign, route]) {
      expect(await directory().find((kept as SubscriberState).id)).to.deep.equal(kept);
    }
  });

  it('releases the oldest that nobody holds for a claim at the bound, and refuses when all are held', async () => {
    const bounds = { detached: 2, all: 2 };
    const idle = left(aSubscriber({ id: muxId(1) }), T0);
    await put(idle, bounds);
    await put(aSubscriber({ id: muxId(2) }), bounds);
    expect(await put(aSubscriber({ id: muxId(3) }), bounds)).to.deep.equal({
      kind: 'stored',
      released: [idle],
    });
    expect(await put(aSubscriber({ id: muxId(4) }), bounds)).to.deep.equal({ kind: 'limit-reached' });
    expect(await directory().find(muxId(4))).to.equal(undefined);
    expect((await put(aSubscriber({ id: muxId(5), owner: owner(2) }), bounds)).kind).to.equal('stored');
  });

  it('refuses a name that another had before when the new owner has too many', async () => {
    const lapsed = left(aSubscriber({ owner: owner(2) }), T0);
    await put(lapsed, { detached: 1, all: 1 });
    await put(aSubscriber({ id: muxId(2) }), { detached: 1, all: 1 });
    const claim = aSubscriber({}, 'the next owner');
    expect((await put(claim, { detached: 1, all: 1 }, lapsed.mark)).kind).to.equal('limit-reached');
    expect((await directory().find(muxId(1)))?.owner).to.not.equal(owner(1));
    expect(await count()).to.equal(1);
  });

  it('never refuses what an owner has already, also where the bounds have become narrower', async () => {
    const [wide, narrow] = [
      { detached: 9, all: 9 },
      { detached: 1, all: 1 },
    ];
    for (const number of [1, 2, 3]) await put(aSubscriber({ id: muxId(number) }), wide);
    const held = aSubscriber({ id: muxId(1) });
    const changed = { ...held, mark: 'changed', params: '{}' };
    expect(await put(changed, narrow, held.mark)).to.deep.equal({ kind: 'stored', released: [] });
    const outcome = await put(left(changed, T0 + 5), narrow, 'changed');
    expect(outcome).to.deep.equal({ kind: 'stored', released: [] });
    expect(await count()).to.equal(3);
  });

  it('keeps to the bounds when many claim and leave at once', async function () {
    this.timeout(60_000);
    const bounds = { detached: 5, all: 12 };
    const numbers = Array.from({ length: 40 }, (_, index) => index + 1);
    const outcomes = await Promise.all(
      numbers.map(async (number) => {
        const claimed = aSubscriber({ id: muxId(number) });
        const { kind } = await put(claimed, bounds);
        if (kind === 'stored' && number % 2 === 0)
          await put(left(claimed, T0 + number), bounds, claimed.mark);
        return kind;
      }),
    );
    expect(outcomes).to.include('stored');
    expect(await count()).to.be.at.most(bounds.all);
    const states = await directory().list({ realm: 'mux', owner: owner(1), limit: 100 });
    const detached = states.filter(({ detachedAtMs }) => detachedAtMs !== undefined);
    expect(detached).to.have.length.at.most(bounds.detached);
  });
}
