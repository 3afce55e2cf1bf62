import { expect } from 'chai';
import type { LoginEnd } from '../../../src/application/ports/identity/login-ends.ts';
import type { DirectoryEntry } from '../../../src/application/ports/identity/principal-directory.ts';
import { PortError } from '../../../src/application/ports/port-error.ts';
import { LocalUserStreams } from '../../../src/application/streaming/local-user-streams.ts';
import { StopClosedAccounts } from '../../../src/application/streaming/stop-closed-accounts.ts';
import type { LoginSessionId, UserId } from '../../../src/domain/identity/ids.ts';
import { ANNA, BERT, chatId } from '../../support/stream-builders.ts';
import { StreamingWorld } from '../../support/streaming-world.ts';

describe('chat that runs apart from auth, told of closed accounts', () => {
  let world: StreamingWorld;
  let tell: (end: LoginEnd) => void;
  let stop: AbortController;
  let listening: Promise<void>;
  let disabled: Set<UserId>;
  let unknown: Set<UserId>;
  let failures: number;
  let annas: string;
  let berts: string;

  beforeEach(async () => {
    world = await StreamingWorld.create();
    await world.addChat(2, BERT);
    annas = (await world.begin(1)).id;
    berts = (await world.openStream.execute({ owner: BERT, chatId: chatId(2), message: 'Mine' })).id;
    stop = new AbortController();
    disabled = new Set();
    unknown = new Set();
    failures = 0;
    const resolve = async (name: string): Promise<DirectoryEntry | undefined> => {
      if (failures > 0) {
        failures -= 1;
        throw new PortError('unavailable', 'auth', 'away');
      }
      const userId = name as UserId;
      if (unknown.has(userId)) return undefined;
      const person = { userId, username: name, email: name, role: 'user' as const, isVerified: true };
      return { ...person, disabled: disabled.has(userId) };
    };
    const loginEnds = {
      subscribe: (listener: (end: LoginEnd) => void) => {
        tell = listener;
        return () => {
          tell = () => undefined;
        };
      },
    };
    listening = new StopClosedAccounts({
      ...world,
      loginEnds,
      userStreams: new LocalUserStreams(world),
      directory: { resolve, resolveEmail: resolve, search: async () => ({ entries: [], total: 0 }) },
    }).execute({ signal: stop.signal });
  });
  afterEach(async () => {
    stop.abort(new Error('the test is over'));
    await listening;
  });

  const states = async (): Promise<readonly string[]> => {
    await world.settle();
    return [annas, berts].map((id) => world.stored(id as never).state);
  };

  it("stops and settles the streams of who was disabled or deleted, and nobody else's", async () => {
    tell({ userId: ANNA, closed: true });
    expect(await states()).to.deep.equal(['stopped', 'running']);
    expect(world.holds.resolved.map(({ id }) => id)).to.deep.equal([annas]);
  });

  it('lets the streams of whose login ended go on: a lost connection stops nothing', async () => {
    tell({ userId: ANNA });
    tell({ loginSessionId: 's_1' as LoginSessionId });
    expect(await states()).to.deep.equal(['running', 'running']);
  });

  it('asks about everybody for whom something runs when ends were missed', async () => {
    disabled.add(BERT);
    tell({ anybody: true });
    expect(await states()).to.deep.equal(['running', 'stopped']);
    unknown.add(ANNA);
    tell({ anybody: true });
    expect(await states()).to.deep.equal(['stopped', 'stopped']);
  });

  it('asks until auth answers', async () => {
    disabled.add(ANNA);
    failures = 4;
    tell({ anybody: true });
    expect(await states()).to.deep.equal(['running', 'running']);
    await world.timers.advance(2_000);
    expect(await states()).to.deep.equal(['stopped', 'running']);
  });

  it('hears nothing any more once it was told to end', async () => {
    stop.abort(new Error('the server stops'));
    await listening;
    tell({ userId: ANNA, closed: true });
    expect(await states()).to.deep.equal(['running', 'running']);
  });
});
