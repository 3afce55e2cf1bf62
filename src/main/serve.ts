import type { Server } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Container } from 'inversify';
import { FileServiceKeys } from '../adapters/outbound/system/file-service-keys.ts';
import { PromMetrics } from '../adapters/outbound/system/prom-metrics.ts';
import { announcement } from './announcement.ts';
import { BackgroundLoops } from './background-loops.ts';
import type { Config } from './config.ts';
import { composeServices } from './container.ts';
import { DEMO_CREDITS } from './demo-credit.ts';
import { edgeOf } from './edge-settings.ts';
import { firstAccounts, type TellableAccounts } from './first-accounts.ts';
import { prepareStores } from './first-steps.ts';
import { type Listening, listen, stopAccepting } from './listen.ts';
import { hintAtLocalModel } from './local-model-hint.ts';
import { bindEmbeddedStore, clockOf, openEmbeddedStore, storeProbe } from './modules/embedded-store.ts';
import { performOperatorAct } from './operator/operator-acts.ts';
import { openOperatorSocket } from './operator/operator-socket.ts';
import { OperatorError } from './operator-error.ts';
import { openProgramLog } from './program-log.ts';
import { writeReadyFile } from './ready-file.ts';
import { routesOf, serviceListener } from './service-apps.ts';
import { SERVICES, type ServiceName } from './service-name.ts';
import { type ShutdownStep, shutDown, untilSignal } from './shutdown.ts';
import { RUNNING_STREAMS, SETTLE_INTENTS } from './tokens/streaming.ts';
import { IDS } from './tokens.ts';

/** File of the service key in the data folder, when all services run together. */
const SERVICE_KEY_FILE = 'service-key';
/** Longest waits of the shutdown beside the drain's own grace, in milliseconds. */
const SETTLE_LIMIT_MS = 5_000;
const CLOSE_LIMIT_MS = 10_000;
/** How long answers that are under way at the end may take, in milliseconds. */
const LAST_ANSWERS_MS = 1_000;
/** What sealing interrupted streams may take on top of the grace, in milliseconds. */
const SEAL_LIMIT_MS = 7_000;

/**
 * Runs the server until a signal tells it to stop.
 *
 * @param extend may rebind what a deployment or a bench brings itself, such as a model, before anything is resolved.
 * @returns the exit code.
 * @throws OperatorError with a sentence when it cannot start; nothing listens and nothing is locked then.
 */
export async function serve(
  config: Config,
  extend: (container: Container) => void = () => undefined,
): Promise<number> {
  const running: readonly ServiceName[] = config.service === 'all' ? SERVICES : [config.service];
  const { log, flush } = openProgramLog(config);
  for (const warning of config.warnings) log.warn({}, warning);
  const metrics = new PromMetrics({ processMetrics: true });
  const edge = edgeOf(config, metrics);
  const store = await openEmbeddedStore(config.data);
  const listening: Listening[] = [];
  const stopping = new AbortController();
  let operator: Server | undefined;
  try {
    const serviceKeys = openServiceKeys(config);
    const clock = await clockOf(store, log);
    const container = composeServices(config, running, { clock, log, metrics, serviceKeys });
    extend(container);
    await bindEmbeddedStore(container, store);
    await prepareStores(container, running, config);
    const dependencies = [
      { name: 'store', check: storeProbe(store, clock) },
      { name: 'shutdown', check: async () => stopping.signal.throwIfAborted() },
    ];
    for (const service of running) {
      const routes = routesOf(service, running, container, dependencies);
      const listener = serviceListener(routes, container, edge);
      listening.push(await listen(service, listener, config, () => container.get(IDS).uuid()));
    }
    const loops = BackgroundLoops.start(container, running);
    operator = running.includes('auth')
      ? await openOperatorSocket(config.data, (act, input) => performOperatorAct(container, act, input), log)
      : undefined;
    const accounts = await firstAccounts(container, running, config);
    // Whoever reads that the server is ready may stop it in the same moment.
    const signalled = untilSignal();
    announce(config, listening, accounts);
    if (running.includes('chat')) void hintAtLocalModel(config).catch(() => undefined);
    const exitCode = await signalled;
    stopping.abort(new Error('the server stops'));
    log.info({}, 'stopping: running streams may end, nothing new starts');
    const drain = running.includes('chat')
      ? () => container.get(RUNNING_STREAMS).drain(config.drainGrace)
      : undefined;
    const settle = running.includes('chat') ? () => container.get(SETTLE_INTENTS).pass() : undefined;
    await shutDown(stepsOf({ listening, loops, drain, settle, graceMs: config.drainGrace }), log);
    return exitCode;
  } finally {
    for (const server of [...listening.map((service) => service.server), ...(operator ? [operator] : [])]) {
      server.close();
      server.closeAllConnections();
    }
    await store.close();
    flush();
  }
}

function openServiceKeys({ service, serviceKeyFile, data }: Config): FileServiceKeys {
  try {
    if (serviceKeyFile !== undefined)
      return FileServiceKeys.open(serviceKeyFile, { create: service === 'all' });
    return FileServiceKeys.open(join(data, SERVICE_KEY_FILE), { create: true });
  } catch (error) {
    throw new OperatorError(2, `serviceKeyFile: ${(error as Error).message}.`, { cause: error });
  }
}

function announce(config: Config, listening: readonly Listening[], accounts: TellableAccounts): void {
  const demoCredits = config.service === 'all' ? DEMO_CREDITS : 0;
  process.stdout.write(announcement({ ...config, listening, accounts, demoCredits }));
  if (config.readyFile === undefined) return;
  const urls = Object.fromEntries(listening.map(({ service, url }) => [service, url]));
  writeReadyFile(config.readyFile, { ...urls, pid: process.pid });
}

/**
 * The order of ending: no new streams, honest ends for those that run, what is owed, then the doors. Until then they
 * stay open, so that readers can come back to the end of their stream and acknowledge it.
 */
function stepsOf(parts: {
  readonly listening: readonly Listening[];
  readonly loops: BackgroundLoops;
  readonly drain: (() => Promise<void>) | undefined;
  readonly settle: (() => Promise<unknown>) | undefined;
  readonly graceMs: number;
}): ShutdownStep[] {
  const { listening, loops, drain, settle, graceMs } = parts;
  const steps: ShutdownStep[] = [];
  if (drain !== undefined)
    steps.push({ name: 'drain streams', limitMs: graceMs + SEAL_LIMIT_MS, run: drain });
  steps.push({ name: 'stop background work', limitMs: CLOSE_LIMIT_MS, run: () => loops.stop() });
  if (settle !== undefined) {
    const run = async (): Promise<void> => {
      await settle();
    };
    steps.push({ name: 'settle', limitMs: SETTLE_LIMIT_MS, run });
  }
  const closeDoors = async (): Promise<void> => {
    const doors = Promise.all(listening.map(stopAccepting));
    await Promise.race([doors, sleep(LAST_ANSWERS_MS, undefined, { ref: false })]);
    for (const { server } of listening) server.closeAllConnections();
    await doors;
  };
  return [...steps, { name: 'close connections', limitMs: CLOSE_LIMIT_MS, run: closeDoors }];
}
