import { basename, join } from 'node:path';
import { MongoClient } from 'mongodb';
import { OwnServer, type ServerKind } from './own-server.ts';
import { cacheFolder, pythonEnvironment } from './python-environment.ts';
import { programOnPath } from './service.ts';

/** The environment variable whose URL goes before a server of the tests' own. */
export const MONGODB_VARIABLE = 'MONGODB_URL';

/** Longest time to wait for a word of where MongoDB's programs are handed out, in milliseconds. */
const REACH_TIMEOUT_MS = 10_000;
/** Longest time to wait for a server's answer while it starts, in milliseconds. */
const PROBE_TIMEOUT_MS = 2_000;
const MONGODB_DOWNLOADS = 'https://fastdl.mongodb.org';
const REPLICA_SET = 'tests';
/** A server in Python that speaks MongoDB's wire protocol; older betas vanish from the index. */
const STAND_IN = { requirement: 'SecantusDB>=0.7.0b3,<0.8', folder: 'secantusdb-0.7' };

/** How careful a server is. */
export interface MongodbCare {
  /**
   * Whether every write is synced, also one that nobody asked to have journaled. Without it that is as MongoDB does it,
   * and the stand-in drops a database of some thousand documents in a second: it deletes key by key, while all else
   * waits, and with it that takes minutes.
   */
  readonly syncsAll: boolean;
}

/**
 * Memory that the stand-in may fill; it takes what its data needs. At a tenth of it that has been changed and that an older
 * snapshot may want, everybody who writes helps to make room first, while he holds the one lock of all: with 256 MiB a run
 * of the tests came there, and nothing was answered any more.
 */
const CACHE_SIZE = '2G';

const serverWith = ({ syncsAll }: MongodbCare): ServerKind => ({
  name: 'MongoDB',
  args: (program, port, folder) =>
    isMongod(program)
      ? ['--replSet', REPLICA_SET, '--bind_ip', '127.0.0.1', '--port', String(port), '--dbpath', folder]
      : [
          ...['--host', '127.0.0.1', '--port', String(port), '--storage-path', join(folder, 'data')],
          ...['--cache-size', CACHE_SIZE, ...(syncsAll ? ['--sync-on-commit'] : [])],
        ],
  probe: async (program, port) => {
    const client = new MongoClient(urlOf(port), { serverSelectionTimeoutMS: PROBE_TIMEOUT_MS });
    try {
      if (isMongod(program)) await initiate(client, port);
      const hello = await client.db('admin').command({ hello: 1 });
      if (hello.isWritablePrimary !== true) throw new Error('it is not the primary yet');
    } finally {
      await client.close();
    }
  },
  url: (port) => urlOf(port),
});

const urlOf = (port: number): string => `mongodb://127.0.0.1:${port}/?directConnection=true`;

/**
 * Starts a server of the tests' own: a program on the PATH, else one that can be had without asking anybody.
 *
 * @throws Error with a sentence that says what to install.
 */
export async function startMongodb(care: MongodbCare = { syncsAll: true }): Promise<OwnServer> {
  return OwnServer.start(serverWith(care), await mongodbProgram());
}

async function mongodbProgram(): Promise<string> {
  const found = programOnPath(['mongod', 'secantusd-rs']);
  if (found !== undefined) return found;
  const refusals: string[] = [];
  for (const install of [downloadedMongod, standIn]) {
    try {
      return await install();
    } catch (error) {
      refusals.push((error as Error).message);
    }
  }
  throw new Error(
    `MongoDB is needed by the tests: install mongod, or name a server in ${MONGODB_VARIABLE}. ${refusals.join(' ')}`,
  );
}

/** A real `mongod`, where the network lets it be downloaded. */
async function downloadedMongod(): Promise<string> {
  const from = process.env.MONGOMS_DOWNLOAD_MIRROR ?? MONGODB_DOWNLOADS;
  await fetch(from, { method: 'HEAD', signal: AbortSignal.timeout(REACH_TIMEOUT_MS) }).catch(() => {
    throw new Error(`No mongod can be downloaded: ${from} cannot be reached.`);
  });
  const { MongoBinary } = await import('mongodb-memory-server-core');
  return MongoBinary.getPath({ downloadDir: join(cacheFolder(), 'mongodb') });
}

const standIn = async (): Promise<string> => join(pythonEnvironment(STAND_IN), 'bin', 'secantusd-py');

const isMongod = (program: string): boolean => basename(program).startsWith('mongod');

async function initiate(client: MongoClient, port: number): Promise<void> {
  const members = [{ _id: 0, host: `127.0.0.1:${port}` }];
  try {
    await client.db('admin').command({ replSetInitiate: { _id: REPLICA_SET, members } });
  } catch (error) {
    if ((error as { codeName?: string }).codeName !== 'AlreadyInitialized') throw error;
  }
}
