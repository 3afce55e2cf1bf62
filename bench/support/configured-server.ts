import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { untilReady } from '../../test/support/ready-file.ts';
import { type Memory, memoryOf } from './memory.ts';
import { SERVER_CORE, spawnPinned, stop } from './process.ts';

/** Longest wait for the server to be ready, in milliseconds. */
const LONGEST_START_MS = 30_000;

/** The real server under measurement, on the embedded store in a folder of its own, with demo accounts. */
export interface ConfiguredServer {
  readonly pid: number;
  /** Where chat is, which answers for all services. */
  readonly url: string;
  memory(): Promise<Memory>;
  /** Ends it, and takes its folder away. */
  stop(): Promise<void>;
}

/**
 * Starts a program that serves by a configuration, on the server's core.
 *
 * @param program its file and arguments.
 * @param settings what is other than in any bench: the limits that it has to exceed.
 * @param nodeArgs arguments of Node.js itself, such as those of its profiler.
 */
export async function startConfigured(
  program: readonly string[],
  settings: object,
  nodeArgs: readonly string[] = [],
): Promise<ConfiguredServer> {
  const data = mkdtempSync(join(tmpdir(), 'holdfast-bench-'));
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-ready-'));
  const config = join(folder, 'config.yaml');
  const readyFile = join(folder, 'ready');
  const common = {
    demo: true,
    data,
    authPort: 0,
    accountingPort: 0,
    chatPort: 0,
    readyFile,
    log: { level: 'warn' },
  };
  // JSON is YAML.
  writeFileSync(config, JSON.stringify({ ...common, ...settings }), { mode: 0o600 });
  const [file = '', ...args] = program;
  const words = [...nodeArgs, file, '--config', config, ...args];
  const child = spawnPinned(SERVER_CORE, process.execPath, words, { MONGODB_URL: '', REDIS_URL: '' });
  child.stdout?.resume();
  const { chat } = await untilReady<{ chat: string }>(child, readyFile, LONGEST_START_MS);
  rmSync(folder, { recursive: true, force: true });
  return {
    pid: child.pid ?? 0,
    url: chat,
    memory: () => memoryOf(child),
    async stop() {
      await stop(child);
      rmSync(data, { recursive: true, force: true });
    },
  };
}
