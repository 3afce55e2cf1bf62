import { expect } from 'chai';
import { MemoryFleetBus } from '../../../src/adapters/outbound/memory/fleet/memory-fleet-bus.ts';
import {
  LOOK_AT_ALL_OPEN_MS,
  LOOK_AT_OPEN_MS,
  WatchOwnSubscriptions,
} from '../../../src/application/multiplexing/watch-own-subscriptions.ts';
import type { FleetBus } from '../../../src/application/ports/fleet/fleet-bus.ts';
import type { SubscriberDirectory } from '../../../src/application/ports/multiplexing/subscriber-directory.ts';
import { PortError } from '../../../src/application/ports/port-error.ts';
import { muxSubscriberId, type SubscriberId } from '../../../src/domain/multiplexing/subscriber-id.ts';
import type { SubscriberState } from '../../../src/domain/multiplexing/subscriber-state.ts';
import type { NodeId } from '../../../src/domain/streaming/node-id.ts';
import { ManualTimers } from '../../support/manual-timers.ts';
import { RecordingLog } from '../../support/recording-log.ts';

const [MOVED, KEPT, OVER] = ['m', 'k', 'o'].map((letter) => muxSubscriberId(letter.repeat(32))) as [
  SubscriberId,
  SubscriberId,
  SubscriberId,
];

/** A bus that can be cut off from the other nodes. */
class CutBus implements FleetBus {
  isConnected = true;
  readonly #bus = new MemoryFleetBus();
  readonly listen = this.#bus.listen.bind(this.#bus);
  readonly askToStop = this.#bus.askToStop.bind(this.#bus);
  readonly tellRevoked = this.#bus.tellRevoked.bind(this.#bus);
  readonly tellMoved = this.#bus.tellMoved.bind(this.#bus);
  readonly tellControl = this.#bus.tellControl.bind(this.#bus);
}

describe('what this node has open', () => {
  let timers: ManualTimers;
  let bus: CutBus;
  let lost: Array<readonly [SubscriberId, number]>;
  let ended: SubscriberId[];
  let epochs: Map<SubscriberId, number>;
  let isAway: boolean;
  let letGo: number;
  let fenced: Array<(id: NodeId) => void>;
  let stop: AbortController;
  let held: Map<SubscriberId, { readonly epoch: number }>;

  beforeEach(() => {
    timers = new ManualTimers();
    bus = new CutBus();
    lost = [];
    ended = [];
    isAway = false;
    letGo = 0;
    fenced = [];
    epochs = new Map([
      [MOVED, 3],
      [KEPT, 2],
    ]);
    stop = new AbortController();
    const findAll = async (ids: readonly SubscriberId[]) => {
      if (isAway) throw new PortError('unavailable', 'store', 'away');
      return ids.flatMap((id) => {
        const epoch = epochs.get(id);
        return epoch === undefined ? [] : [{ id, epoch } as SubscriberState];
      });
    };
    held = new Map([MOVED, KEPT, OVER].map((id) => [id, { epoch: 2 }]));
    const watch = new WatchOwnSubscriptions({
      bus,
      open: {
        held: () => held,
        lose: (id, epoch) => {
          if (epoch > 2) lost.push([id, epoch]);
        },
        end: (id) => ended.push(id),
        letGo: () => {
          letGo += 1;
        },
      },
      node: { onFenced: (listener) => void fenced.push(listener) },
      directory: { findAll } as unknown as SubscriberDirectory,
      timers,
      log: new RecordingLog(),
    });
    void watch.execute({ signal: stop.signal });
  });
  afterEach(() => stop.abort());

  it('is let go of as soon as another node says that it has it', () => {
    bus.tellMoved(MOVED, 3);
    expect(lost).to.deep.equal([[MOVED, 3]]);
  });

  it('is looked up within a minute while nodes hear of each other, since a word may be lost all the same', async () => {
    await timers.advance(LOOK_AT_OPEN_MS);
    expect(ended).to.deep.equal([]);
    await timers.advance(LOOK_AT_ALL_OPEN_MS - LOOK_AT_OPEN_MS);
    expect(lost[0]).to.deep.equal([MOVED, 3]);
    expect(ended).to.include(OVER);
  });

  it('is looked up in turn although others open all the time', async () => {
    let opened = 0;
    for (let looks = 0; looks < (1.5 * LOOK_AT_ALL_OPEN_MS) / LOOK_AT_OPEN_MS; looks += 1) {
      for (let more = 0; more < 40; more += 1, opened += 1)
        held.set(muxSubscriberId(String(opened).padStart(32, 'n')), { epoch: 2 });
      await timers.advance(LOOK_AT_OPEN_MS);
    }
    // In one pass over whatever there is at the moment the first look would be the last.
    expect(lost.length).to.be.above(1);
  });

  it('is looked up by the next look when one has failed, not a whole pass later', async () => {
    for (let more = 0; more < 57; more += 1)
      held.set(muxSubscriberId(String(more).padStart(32, 'n')), { epoch: 2 });
    isAway = true;
    await timers.advance(LOOK_AT_OPEN_MS);
    isAway = false;
    await timers.advance(LOOK_AT_OPEN_MS);
    expect(lost).to.deep.equal([[MOVED, 3]]);
  });

  it('is let go of as a whole when others have taken this node for dead', () => {
    expect(letGo).to.equal(0);
    for (const tell of fenced) tell('a dead one' as NodeId);
    expect(letGo).to.equal(1);
  });

  it('is looked up every two seconds while they do not: what has moved, and what is over, goes', async () => {
    bus.isConnected = false;
    isAway = true;
    await timers.advance(LOOK_AT_OPEN_MS);
    expect(lost).to.deep.equal([]);
    isAway = false;
    await timers.advance(LOOK_AT_OPEN_MS);
    expect(lost).to.deep.equal([[MOVED, 3]]);
    expect(ended).to.deep.equal([OVER]);
  });
});
