import { expect } from 'chai';
import {
  FollowRevocations,
  MAX_FEED_SILENCE_MS,
} from '../../../src/application/identity/follow-revocations.ts';
import { HeardEnds } from '../../../src/application/identity/heard-ends.ts';
import type { RevocationNews } from '../../../src/application/ports/identity/revocation-feed.ts';
import { PortError } from '../../../src/application/ports/port-error.ts';
import { user } from '../../support/ledger-builders.ts';
import { ManualTimers } from '../../support/manual-timers.ts';
import { RecordingLog } from '../../support/recording-log.ts';

/** One connection, as a test drives it. */
class Connection {
  readonly after: number | undefined;
  readonly signal: AbortSignal;
  #pages: Array<readonly RevocationNews[] | Error> = [];
  #wake: () => void = () => undefined;

  constructor(after: number | undefined, signal: AbortSignal) {
    this.after = after;
    this.signal = signal;
    signal.addEventListener('abort', () => this.#wake());
  }

  /** Says something, or breaks. */
  say(page: readonly RevocationNews[] | Error): void {
    this.#pages.push(page);
    this.#wake();
  }

  async *pages(): AsyncGenerator<readonly RevocationNews[]> {
    for (;;) {
      this.signal.throwIfAborted();
      const page = this.#pages.shift();
      if (page instanceof Error) throw page;
      if (page !== undefined) yield page;
      else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }
}

const CAUGHT_UP: RevocationNews = { kind: 'caught-up' };
const ended = (sequence: number): RevocationNews => ({
  kind: 'ended',
  revocation: { sequence, atMs: 0, end: { userId: user(sequence) } },
});
const broken = (): PortError => new PortError('unavailable', 'auth', 'it broke');

describe('a follower of the feed of ended logins', () => {
  let timers: ManualTimers;
  let heard: HeardEnds;
  let log: RecordingLog;
  let connections: Connection[];
  let stop: AbortController;
  let following: Promise<void>;
  /** Part of the longest wait that chance gives. */
  let fraction: number;

  beforeEach(async () => {
    timers = new ManualTimers();
    heard = new HeardEnds(timers.clock);
    log = new RecordingLog();
    connections = [];
    stop = new AbortController();
    fraction = 1;
    const feed = {
      follow: (after: number | undefined, signal: AbortSignal) => {
        const connection = new Connection(after, signal);
        connections.push(connection);
        return connection.pages();
      },
    };
    const ids = { uuid: () => '', secret: () => '', fraction: () => fraction };
    following = new FollowRevocations({ feed, heard, timers, ids, log }).execute({ signal: stop.signal });
  });
  afterEach(async () => {
    stop.abort(new Error('the test is over'));
    await following;
  });

  const last = (): Connection => connections.at(-1) as Connection;
  const isHeard = (): boolean => {
    try {
      heard.requireHeard();
      return true;
    } catch {
      return false;
    }
  };
  const heartbeat = async (): Promise<void> => {
    last().say([CAUGHT_UP]);
    await timers.advance(500);
  };

  it('asks for everything that is kept, and passes it on', async () => {
    expect(last().after).to.equal(undefined);
    last().say([ended(1), CAUGHT_UP]);
    await timers.advance(1);
    expect(isHeard()).to.equal(true);
    expect(heard.changedUser(user(1))).not.to.equal(undefined);
  });

  it('stays on one connection for as long as it is spoken to', async () => {
    for (let beat = 0; beat < 60; beat += 1) {
      await heartbeat();
      expect(isHeard()).to.equal(true);
    }
    expect(connections).to.have.length(1);
  });

  it('gives up a connection on which nothing comes for 2 seconds, and goes on where it was', async () => {
    last().say([ended(4), ended(5), CAUGHT_UP]);
    await timers.advance(MAX_FEED_SILENCE_MS - 1);
    expect(connections).to.have.length(1);
    await timers.advance(1);
    expect(connections[0]?.signal.aborted).to.equal(true);
    await timers.advance(100);
    expect(connections).to.have.length(2);
    expect(last().after).to.equal(5);
    last().say([ended(6), CAUGHT_UP]);
    await timers.advance(1);
    expect(isHeard(), 'one stall is bridged before anybody is refused').to.equal(true);
  });

  it('goes on after a reset where that said', async () => {
    last().say([ended(9), { kind: 'reset', sequence: 3 }, ended(4), CAUGHT_UP]);
    last().say(broken());
    await timers.advance(100);
    expect(last().after).to.equal(4);
    last().say([{ kind: 'reset', sequence: 12 }]);
    last().say(broken());
    await timers.advance(1_000);
    expect(last().after).to.equal(12);
  });

  it('waits twice as long after each failure, by a chance, and a second at most', async () => {
    const waits: number[] = [];
    for (let failure = 0; failure < 6; failure += 1) {
      const { length } = connections;
      last().say(broken());
      let waited = 0;
      for (await timers.advance(0); connections.length === length; await timers.advance(50)) waited += 50;
      waits.push(waited);
    }
    expect(waits).to.deep.equal([100, 200, 400, 800, 1_000, 1_000]);
    fraction = 0.5;
    last().say([CAUGHT_UP]);
    last().say(broken());
    await timers.advance(50);
    expect(connections, 'after it was heard it begins with short waits').to.have.length(8);
  });

  it('counts 5 seconds of silence also while the clock stands still', async () => {
    const clock = { nowMs: () => 0 };
    heard = new HeardEnds(clock);
    const silent = new AbortController();
    let hasSpoken = false;
    const feed = {
      async *follow(_after: number | undefined, signal: AbortSignal) {
        if (hasSpoken) throw broken();
        hasSpoken = true;
        yield [CAUGHT_UP];
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
      },
    };
    const ids = { uuid: () => '', secret: () => '', fraction: () => 1 };
    const alone = new FollowRevocations({ feed, heard, timers, ids, log }).execute({ signal: silent.signal });
    await timers.advance(4_999);
    expect(isHeard()).to.equal(true);
    await timers.advance(1);
    expect(isHeard()).to.equal(false);
    silent.abort();
    await alone;
  });

  it('tells the log once of each time that auth was lost and found', async () => {
    for (let failure = 0; failure < 4; failure += 1) {
      last().say(broken());
      await timers.advance(1_000);
    }
    last().say([CAUGHT_UP]);
    await timers.advance(1);
    last().say(broken());
    await timers.advance(1_000);
    last().say([CAUGHT_UP]);
    await timers.advance(1);
    expect(log.lines.map(({ level }) => level)).to.deep.equal(['warn', 'info', 'warn', 'info']);
  });

  it('ends with its connection when it is told to', async () => {
    last().say([CAUGHT_UP]);
    await timers.advance(1);
    stop.abort(new Error('the server stops'));
    await following;
    expect(last().signal.aborted).to.equal(true);
    expect(log.lines).to.deep.equal([]);
  });
});
