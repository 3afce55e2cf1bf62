import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FloodOutcome, floodWithLogins } from './support/login-flood.ts';
import { LoginServer } from './support/login-server.ts';
import { firstMessage, pinLoadGenerator, spawnFree, stop, unpinLoadGenerator } from './support/process.ts';
import type { Bench, BenchResult, Figure } from './support/result.ts';
import { median } from './support/statistics.ts';

const ROUNDS = 5;
const CLIENTS = 500;
const ACCOUNTS = 100;
const WARM_UP_MS = 4_000;
const MEASURED_MS = 20_000;
const PASSWORD = 'a password for the bench';
/** Logins per second next to the bare server's, and health p99 next to its. */
const GOAL_RATE = 0.95;
const GOAL_HEALTH = 1;

const FLOOD = {
  clients: CLIENTS,
  warmUpMs: WARM_UP_MS,
  measuredMs: MEASURED_MS,
  credentials: (client: number) => ({ username: `bench${client % ACCOUNTS}`, password: PASSWORD }),
} as const;

async function floodBare(): Promise<FloodOutcome> {
  const child: ChildProcess = spawnFree(process.execPath, ['bench/peers/bare-login.ts', PASSWORD]);
  const { port } = await firstMessage<{ port: number }>(child);
  try {
    return await floodWithLogins({ port, pid: child.pid ?? 0 }, { ...FLOOD, path: '/login' });
  } finally {
    await stop(child);
  }
}

async function floodOurs(data: string): Promise<FloodOutcome> {
  const server = await LoginServer.start(data, []);
  try {
    return await floodWithLogins(server, { ...FLOOD, path: '/api/auth/login' });
  } finally {
    await server.stop();
  }
}

/** What a flood of logins does to logins, and to everything else. */
export const bench: Bench = {
  name: 'login',
  async run(): Promise<BenchResult> {
    unpinLoadGenerator();
    const data = mkdtempSync(join(tmpdir(), 'holdfast-login-'));
    const ours: FloodOutcome[] = [];
    const bare: FloodOutcome[] = [];
    try {
      const server = await LoginServer.start(data, []);
      await server.signUp(ACCOUNTS, PASSWORD);
      await server.stop();
      for (let round = 0; round < ROUNDS; round += 1) {
        ours.push(await floodOurs(data));
        bare.push(await floodBare());
      }
    } finally {
      rmSync(data, { recursive: true, force: true });
      pinLoadGenerator();
    }
    return resultOf(ours, bare);
  },
};

function resultOf(ours: readonly FloodOutcome[], bare: readonly FloodOutcome[]): BenchResult {
  const figure = (who: string, what: string, unit: string, rounds: readonly number[]): Figure => ({
    who,
    what,
    unit,
    median: median(rounds),
    rounds,
  });
  const figures = (
    [
      ['holdfast', ours],
      ['bare node:http with argon2', bare],
    ] as const
  ).flatMap(([who, outcomes]) => [
    figure(
      who,
      'logins',
      'logins/s',
      outcomes.map(({ perSecond }) => perSecond),
    ),
    figure(
      who,
      'CPU of the server for a login',
      'ms',
      outcomes.map(({ cpuMs }) => cpuMs),
    ),
    figure(
      who,
      'health p50',
      'ms',
      outcomes.map(({ healthP50Ms }) => healthP50Ms),
    ),
    figure(
      who,
      'health p99',
      'ms',
      outcomes.map(({ healthP99Ms }) => healthP99Ms),
    ),
  ]);
  // Each round of ours ran next to one of the peer: what the machine did to one it did to the other.
  const ratio = (of: (outcome: FloodOutcome) => number): number =>
    median(ours.map((outcome, round) => of(outcome) / of(bare[round] as FloodOutcome)));
  const rate = ratio(({ perSecond }) => perSecond);
  const health = ratio(({ healthP99Ms }) => healthP99Ms);
  const putOff = ours.reduce((sum, outcome) => sum + outcome.putOff, 0);
  return {
    name: 'login',
    work: `${CLIENTS} connections log in with the right password without pause, argon2id at 19456 KiB, 2 passes, 1 lane; meanwhile \`GET /health\` is asked every 50 ms. Nothing is pinned.`,
    figures,
    verdicts: [
      {
        goal: `at least ${GOAL_RATE} × the bare server's logins`,
        measured: `${rate.toFixed(2)} ×, the median of the rounds' ratios`,
        met: rate >= GOAL_RATE,
      },
      {
        goal: `health p99 under the flood at most ${GOAL_HEALTH} × the bare server's`,
        measured: `${health.toFixed(2)} ×, the median of the rounds' ratios`,
        met: health <= GOAL_HEALTH,
      },
    ],
    notes: [
      `Holdfast finds the account, counts the guess, stores a login session durably, signs a token and writes an audit record for each login; the peer hashes and answers. ${putOff} logins of Holdfast were put off with 503 and came back.`,
    ],
  };
}
