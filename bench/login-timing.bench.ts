import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LoginServer } from './support/login-server.ts';
import { pinLoadGenerator, unpinLoadGenerator } from './support/process.ts';
import { rankTest } from './support/rank-test.ts';
import { postRequest, RawClient } from './support/raw-client.ts';
import type { Bench, BenchResult } from './support/result.ts';
import { median } from './support/statistics.ts';

const PAIRS = 200;
const WARM_UP_PAIRS = 10;
const ACCOUNTS = 20;
const PASSWORD = 'a password for the bench';
/** Beyond so many standard deviations two alike samples lie once in a hundred runs. */
const MOST_Z = 2.576;
/** Limits that the bench must exceed: it guesses wrong four hundred times from one address. */
const LIMITS = ['--login-account-failures', '1000', '--login-network-failures', '1000'];

/** Whether the time of a refusal tells if there is such an account. */
export const bench: Bench = {
  name: 'login-timing',
  async run(): Promise<BenchResult> {
    unpinLoadGenerator();
    const data = mkdtempSync(join(tmpdir(), 'holdfast-timing-'));
    const server = await LoginServer.start(data, LIMITS);
    try {
      await server.signUp(ACCOUNTS, PASSWORD);
      return resultOf(await measure(server.port));
    } finally {
      await server.stop();
      rmSync(data, { recursive: true, force: true });
      pinLoadGenerator();
    }
  },
};

interface Timings {
  readonly unknownMs: number[];
  readonly wrongMs: number[];
}

/** The pairs one after another on one connection, now the one and now the other first. */
async function measure(port: number): Promise<Timings> {
  const client = await RawClient.open(port);
  const refusalMs = async (username: string): Promise<number> => {
    const request = postRequest(port, '/api/auth/login', { username, password: 'a wrong password' });
    const askedAt = performance.now();
    const { status, body } = await client.ask(request);
    if (status !== 401) throw new Error(`a wrong login gave ${status}: ${body}`);
    return performance.now() - askedAt;
  };
  const timings: Timings = { unknownMs: [], wrongMs: [] };
  for (let pair = -WARM_UP_PAIRS; pair < PAIRS; pair += 1) {
    const number = (pair + WARM_UP_PAIRS) % ACCOUNTS;
    const unknown = async () => void timings.unknownMs.push(await refusalMs(`gone${number}`));
    const wrong = async () => void timings.wrongMs.push(await refusalMs(`bench${number}`));
    const [first, second] = pair % 2 === 0 ? [unknown, wrong] : [wrong, unknown];
    await first();
    await second();
  }
  client.close();
  return { unknownMs: timings.unknownMs.slice(WARM_UP_PAIRS), wrongMs: timings.wrongMs.slice(WARM_UP_PAIRS) };
}

function resultOf({ unknownMs, wrongMs }: Timings): BenchResult {
  const { larger, z } = rankTest(unknownMs, wrongMs);
  const slower = unknownMs.filter((tookMs, pair) => tookMs > (wrongMs[pair] ?? 0)).length;
  const figure = (what: string, unit: string, value: number) => ({
    who: 'holdfast',
    what,
    unit,
    median: value,
    rounds: [value],
  });
  return {
    name: 'login-timing',
    work: `${PAIRS} pairs of refused logins, one for a name that nobody has and one with a wrong password for an account that is there, one after another on one connection, in alternating order.`,
    figures: [
      figure('unknown user, median', 'ms', median(unknownMs)),
      figure('wrong password, median', 'ms', median(wrongMs)),
      figure('chance that an unknown user takes longer (0.5 tells nothing)', '', larger),
      figure('rank statistic z of Mann and Whitney', '', z),
      figure('pairs in which the unknown user took longer', 'pairs', slower),
    ],
    verdicts: [
      {
        goal: `the ranks tell nothing: |z| ≤ ${MOST_Z} (1 %)`,
        measured: `z = ${z.toFixed(2)}, chance ${larger.toFixed(3)}`,
        met: Math.abs(z) <= MOST_Z,
      },
    ],
    notes: [
      'One in a hundred runs misses the goal though nothing differs. That the hash and its parameters are the same is asserted in the test suite; this looks at the whole way, from the request to the answer.',
    ],
  };
}
