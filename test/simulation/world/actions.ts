import { ID_KINDS, type IdKind, TEXT_KINDS, type TextKind } from '../clients/requests.ts';
import { FAIR, type Weather } from './network.ts';
import { SeededRandom } from './seeded-random.ts';

/** Processes of a fleet. */
export const NODES = 3;
/** Users of a run; each has {@link CHATS_PER_USER} chats. */
export const USERS = 2;
/** Chats of each user. */
export const CHATS_PER_USER = 2;
/** Different idempotency keys of starts. */
const KEYS = 3;

/** Which server. */
export type ServerName = 'streams' | 'ledger' | 'accounting';

/** Something that is done to a world from outside; numbers name nodes, users and chats. */
export type Deed =
  | { readonly do: 'start'; readonly node: number; readonly chat: number; readonly key?: number }
  | {
      readonly do: 'start twice';
      readonly nodes: readonly [number, number];
      readonly chat: number;
      readonly key: number;
    }
  | { readonly do: 'follow'; readonly node: number; readonly chat: number; readonly anew: boolean }
  | { readonly do: 'drop'; readonly chat: number }
  | {
      readonly do: 'update';
      readonly node: number;
      readonly chat: number;
      readonly id: IdKind;
      readonly text: TextKind;
    }
  | { readonly do: 'stop'; readonly node: number; readonly chat: number; readonly id: IdKind }
  | { readonly do: 'stop all'; readonly node: number; readonly user: number }
  | { readonly do: 'delete chat'; readonly node: number; readonly chat: number }
  | {
      readonly do: 'grant';
      readonly node: number;
      readonly user: number;
      readonly micros: number;
      readonly lifeMs: number;
    }
  | {
      readonly do: 'adjust' | 'deduct';
      readonly node: number;
      readonly user: number;
      readonly micros: number;
    }
  | { readonly do: 'kill' | 'pause'; readonly node: number; readonly forMs: number }
  | { readonly do: 'crash'; readonly server: ServerName; readonly forMs: number }
  | { readonly do: 'weather'; readonly server: ServerName; readonly weather: Weather; readonly forMs: number }
  | {
      readonly do: 'words';
      readonly losses: number;
      readonly connected: boolean;
      readonly drops: number;
      readonly forMs: number;
    }
  | { readonly do: 'nothing' };

/** One step of a run: a deed, the time that passes after it, and the seed of all chance meanwhile. */
export interface Action {
  readonly deed: Deed;
  readonly thenMs: number;
  readonly seed: number;
}

/** What a run is set to, by its seed; times in milliseconds. */
export interface RunSettings {
  readonly readerlessDeadlineMs: number;
  readonly maxDurationMs: number;
  readonly retentionMs: number;
  readonly longestSilenceMs: number;
  /** Models say one word after the other until they may say no more: for runs that need a fast writer. */
  readonly talksOn?: true;
  /** Whether accounting is a service of its own. */
  readonly isAccountingApart: boolean;
  readonly skewsMs: readonly number[];
}

/** A run as its seed makes it. */
export interface Scenario {
  readonly settings: RunSettings;
  readonly actions: readonly Action[];
}

/** Makes the actions of a run. The same seed gives the same ones. */
export function scenarioOf(seed: number, steps: number): Scenario {
  const random = new SeededRandom(seed);
  const settings: RunSettings = {
    readerlessDeadlineMs: random.pick([0, 3_000, 120_000]),
    maxDurationMs: random.pick([30_000, 900_000, 900_000]),
    retentionMs: random.pick([60_000, 86_400_000, 86_400_000]),
    longestSilenceMs: random.pick([2_000, 20_000, 400_000]),
    isAccountingApart: random.chance(0.4),
    skewsMs: Array.from({ length: NODES }, () => random.whole(-200, 200)),
  };
  const actions = Array.from({ length: steps }, (): Action => {
    const deed = deedOf(random);
    const thenMs = random.weighted([
      [60, random.whole(0, 400)],
      [25, random.whole(0, 5_000)],
      [12, random.whole(0, 20_000)],
      [1, random.whole(60_000, 200_000)],
      [0.4, random.whole(600_000, 700_000)],
    ]);
    return { deed, thenMs, seed: random.whole(0, 0x7fffffff) };
  });
  return { settings, actions };
}

function deedOf(random: SeededRandom): Deed {
  const node = random.whole(0, NODES - 1);
  const chat = random.whole(0, USERS * CHATS_PER_USER - 1);
  const user = random.whole(0, USERS - 1);
  const other = random.whole(0, NODES - 1);
  const key = random.whole(0, KEYS - 1);
  const server = random.pick<ServerName>(['streams', 'streams', 'ledger', 'accounting']);
  const id = random.chance(0.6) ? 'right' : random.pick(ID_KINDS);
  const micros = random.whole(1, 4_000);
  return random.weighted<Deed>([
    [20, { do: 'start', node, chat, ...(random.chance(0.4) ? { key } : {}) }],
    [4, { do: 'start twice', nodes: [node, other], chat, key }],
    [8, { do: 'follow', node, chat, anew: random.chance(0.4) }],
    [3, { do: 'drop', chat }],
    [9, { do: 'update', node, chat, id, text: random.pick(TEXT_KINDS) }],
    [6, { do: 'stop', node, chat, id }],
    [1, { do: 'stop all', node, user }],
    [1, { do: 'delete chat', node, chat }],
    [4, { do: 'grant', node, user, micros: 3 * micros, lifeMs: random.pick([30_000, 900_000, 10 ** 10]) }],
    [1, { do: 'adjust', node, user, micros: micros - 2_000 }],
    [1, { do: 'deduct', node, user, micros: micros >> 2 }],
    [5, { do: 'kill', node, forMs: random.whole(0, random.pick([500, 10_000])) }],
    [7, { do: 'pause', node, forMs: pauseMs(random) }],
    [3, { do: 'crash', server, forMs: random.whole(0, random.pick([500, 5_000, 30_000])) }],
    [7, { do: 'weather', server, weather: weatherOf(random), forMs: random.whole(500, 30_000) }],
    [4, { do: 'words', ...wordsOf(random), forMs: random.whole(500, 30_000) }],
    [4, { do: 'nothing' }],
  ]);
}

/** Most pauses are shorter than a lease, some outlive it, and few outlive a hold. */
const pauseMs = (random: SeededRandom): number =>
  random.weighted([
    [50, random.whole(10, 3_000)],
    [45, random.whole(3_000, 40_000)],
    [5, random.whole(600_000, 700_000)],
  ]);

const wordsOf = (random: SeededRandom): { losses: number; connected: boolean; drops: number } => ({
  losses: random.pick([0, 0.1, 1]),
  connected: random.chance(0.6),
  drops: random.pick([0, 0.1]),
});

function weatherOf(random: SeededRandom): Weather {
  const bad = (): number => (random.chance(0.5) ? 0 : random.pick([0.05, 0.2, 0.6]));
  return random.weighted<Weather>([
    [3, FAIR],
    [2, { ...FAIR, slow: 0.2, longestMs: 300 }],
    [1, { ...FAIR, slow: 0.1, longestMs: 20_000 }],
    [
      4,
      {
        refused: bad(),
        requestLost: bad() / 3,
        replyLost: bad() / 3,
        doubled: bad(),
        slow: bad(),
        usualMs: 10,
        longestMs: 2_000,
      },
    ],
  ]);
}
