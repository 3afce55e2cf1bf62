import type { Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Container } from 'inversify';
import type { Edge } from '../adapters/inbound/http/edge.ts';
import type { TlsPair } from '../adapters/inbound/http/https-server.ts';
import type { Route } from '../adapters/inbound/http/route.ts';
import type { Dependency } from '../adapters/inbound/http/routes/operations/health-routes.ts';
import { PromMetrics } from '../adapters/outbound/system/prom-metrics.ts';
import { SystemClock } from '../adapters/outbound/system/system-clock.ts';
import type { Clock } from '../application/ports/clock.ts';
import type { Log } from '../application/ports/log.ts';
import type { Metrics } from '../application/ports/metrics.ts';
import { accountingProbe } from './accounting-look.ts';
import { announcement } from './announcement.ts';
import { hearingProbe, untilAuthIsHeard } from './auth-hearing.ts';
import { BackgroundLoops } from './background-loops.ts';
import type { Config } from './config.ts';
import { ConfigError } from './configuration/config-error.ts';
import { composeServices } from './container.ts';
import { brokenRulesFile, reloadRulesAtHangup } from './control-rules.ts';
import { DEMO_CREDITS } from './demo-credit.ts';
import { edgeOf } from './edge-settings.ts';
import { type CheckedFiles, checkFiles, tlsFilesOf } from './file-checks.ts';
import { firstAccounts, type TellableAccounts } from './first-accounts.ts';
import { prepareStores } from './first-steps.ts';
import { type Listening, listen, stopAccepting } from './listen.ts';
import { hintAtLocalModel } from './local-model-hint.ts';
import { openStore } from './modules/open-store.ts';
import type { OpenStore } from './modules/store.ts';
import { performOperatorAct } from './operator/operator-acts.ts';
import { openOperatorSocket } from './operator/operator-socket.ts';
import { openProgramLog } from './program-log.ts';
import { writeReadyFile } from './ready-file.ts';
import { openServiceKeys } from './secret-files.ts';
import { routesOf, serviceListener, upgradeGuard } from './service-apps.ts';
import { SERVICES, type ServiceName } from './service-name.ts';
import { type ShutdownStep, shutDown, untilEnd } from './shutdown.ts';
import { trustPrivateCas } from './tls/outgoing-tls.ts';
import { type ReadPair, readTlsPair } from './tls/tls-pair.ts';
import { reloadAtHangup, tellExpiry } from './tls/tls-reload.ts';
import { AUDIT_KEEPER } from './tokens/audit.ts';
import { AGENT_SOCKETS, CONTROL_RULES } from './tokens/control.ts';
import { CONNECTIONS } from './tokens/multiplexing.ts';
import { RUNNING_STREAMS, SETTLE_INTENTS } from './tokens/streaming.ts';
import { IDS } from './tokens.ts';

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
 * @throws ConfigError or OperatorError with sentences when it cannot start; nothing listens and nothing is locked then.
 */
export async function serve(
  config: Config,
  extend: (container: Container) => void = () => undefined,
): Promise<number> {
  const running: readonly ServiceName[] = config.service === 'all' ? SERVICES : [config.service];
  // Nothing that a server makes is anybody else's, not even for a moment.
  process.umask(0o077);
  const { log, flush } = openProgramLog(config);
  const files = await prepareFiles(config, log);
  const metrics = new PromMetrics({ processMetrics: true });
  const edge = edgeOf(config, metrics);
  const store = await openStore(config, { log, metrics });
  const listening: Listening[] = [];
  const stopping = new AbortController();
  let loops: BackgroundLoops | undefined;
  let operator: Server | undefined;
  let leave = async (): Promise<void> => undefined;
  let forgetTls = (): void => undefined;
  let forgetRules = (): void => undefined;
  let accounts: TellableAccounts = { demo: [] };
  try {
    const serviceKeys = openServiceKeys(config);
    const tls = inItsTime(config, files, store, log);
    const container = composeServices(config, running, { clock: store.clock, log, metrics, serviceKeys });
    extend(container);
    await store.bind(container);
    const keeper = container.get(AUDIT_KEEPER);
    leave = await prepareStores(container, running, config);
    const dependencies = dependenciesOf(store, stopping.signal, { config, container, running });
    for (const service of running) {
      const routes = routesOf(service, running, container, dependencies, () => accounts.demo);
      listening.push(await openDoor(service, routes, container, config, { edge, pair: tls?.pair }));
    }
    loops = BackgroundLoops.start(container, running);
    operator = running.some((service) => service !== 'chat')
      ? await openOperatorSocket(config.data, (act, input) => performOperatorAct(container, act, input), log)
      : undefined;
    await untilAuthIsHeard(container, running, log);
    accounts = await firstAccounts(container, running, config);
    forgetTls = keepTlsFresh(config, tls, listening, { log, metrics, clock: store.clock });
    forgetRules = keepRulesFresh(config, container, running, log);
    // Whoever reads that the server is ready may stop it in the same moment.
    const ended = untilEnd(store, config.drainGrace, log);
    announce(config, listening, accounts);
    if (running.includes('chat')) void hintAtLocalModel(config).catch(() => undefined);
    const { exitCode, graceMs, stepMs } = await ended;
    stopping.abort(new Error('the server stops'));
    log.info({}, 'stopping: running streams may end, nothing new starts');
    const hasChat = running.includes('chat');
    const drain = hasChat ? () => drainAll(container, graceMs) : undefined;
    const settle = hasChat ? () => container.get(SETTLE_INTENTS).pass() : undefined;
    const audit = (): Promise<void> => keeper.finish();
    await shutDown(stepsOf({ listening, loops, drain, settle, audit, graceMs, stepMs }), log);
    return exitCode;
  } catch (error) {
    // Other nodes need not wait for what one that could not start holds.
    await (loops === undefined ? leave() : loops.stop());
    throw error;
  } finally {
    forgetTls();
    forgetRules();
    for (const { server, cut } of listening) {
      server.close();
      cut();
    }
    operator?.close().closeAllConnections();
    await store.close();
    flush();
  }
}

/** Tells who is connected, ends what runs, and closes the connections that carried it. */
async function drainAll(container: Container, graceMs: number): Promise<void> {
  const connections = container.get(CONNECTIONS);
  connections.goAway();
  const sockets = container.get(AGENT_SOCKETS);
  const agents = sockets.drain();
  await container.get(RUNNING_STREAMS).drain(graceMs);
  await Promise.all([connections.drain(), agents]);
  // Agents over multiplexed connections have gone with these.
  await sockets.settled();
}

/** Reads the rules for agents anew at every SIGHUP; returns what ends that. */
function keepRulesFresh(
  config: Config,
  container: Container,
  running: readonly ServiceName[],
  log: Log,
): () => void {
  const path = config['control.rulesFile'];
  if (path === undefined || !running.includes('chat')) return () => undefined;
  return reloadRulesAtHangup({ path, use: (rules) => container.get(CONTROL_RULES).replace(rules), log });
}

const goesOn = (stopping: AbortSignal) => async (): Promise<void> => stopping.throwIfAborted();

/** What a service looks for, each by its name: what it cannot work without, and what it works worse without. */
function dependenciesOf(
  store: OpenStore,
  stopping: AbortSignal,
  of: { readonly config: Config; readonly container: Container; readonly running: readonly ServiceName[] },
): Dependency[] {
  const { config, container, running } = of;
  const needed = { ...store.needed, shutdown: goesOn(stopping), ...hearingProbe(container, running) };
  const wanted = { ...store.wanted, ...accountingProbe(config, store.clock, running) };
  return [
    ...Object.entries(needed).map(([name, check]) => ({ name, isNeeded: true, check })),
    ...Object.entries(wanted).map(([name, check]) => ({ name, isNeeded: false, check })),
  ];
}

/** Serves routes on their service's port; WebSockets come by the chat port alone. */
function openDoor(
  service: ServiceName,
  routes: readonly Route[],
  container: Container,
  config: Config,
  { edge, pair }: { readonly edge: Edge; readonly pair: TlsPair | undefined },
): Promise<Listening> {
  const guard = service === 'chat' ? upgradeGuard(container, edge) : undefined;
  const requestId = (): string => container.get(IDS).uuid();
  return listen(service, serviceListener(routes, container, edge), config, requestId, { pair, guard });
}

/**
 * Looks at every file that the configuration names before anything is opened, and lets whom it names vouch for others.
 *
 * @throws ConfigError with every mistake found.
 */
async function prepareFiles(config: Config, log: Log): Promise<CheckedFiles> {
  // The nodes of a fleet have a clock in common, which is not known yet.
  const files = checkFiles(config, isFleet(config) ? undefined : new SystemClock().nowMs());
  const problems = [...files.problems, ...(await brokenRulesFile(config['control.rulesFile']))];
  if (problems.length > 0) throw new ConfigError(problems);
  for (const warning of [...config.warnings, ...files.warnings]) log.warn({}, warning);
  if (files.privateCas.length > 0) trustPrivateCas(files.privateCas);
  return files;
}

const isFleet = (config: Config): boolean => config['mongodb.url'] !== undefined;

/**
 * The certificate that is to be served, looked at by the clock that everything reads.
 *
 * @throws ConfigError with a sentence when its time is over or has not come.
 */
function inItsTime(
  config: Config,
  { tls }: CheckedFiles,
  { clock }: OpenStore,
  log: Log,
): ReadPair | undefined {
  const files = tlsFilesOf(config);
  if (files === undefined || !isFleet(config)) return tls;
  const pair = readTlsPair(files, clock.nowMs());
  for (const warning of pair.warnings) log.warn({}, warning);
  return pair;
}

/** Reads the certificate anew at every SIGHUP; returns what ends that. */
function keepTlsFresh(
  config: Config,
  first: ReadPair | undefined,
  listening: readonly Listening[],
  told: { readonly log: Log; readonly metrics: Metrics; readonly clock: Clock },
): () => void {
  const files = tlsFilesOf(config);
  if (files === undefined || first === undefined) return () => undefined;
  tellExpiry(told.metrics, first);
  return reloadAtHangup({
    ...told,
    read: () => readTlsPair(files, told.clock.nowMs()),
    serve: (pair) => {
      for (const service of listening) service.renewTls(pair);
    },
  });
}

function announce(config: Config, listening: readonly Listening[], accounts: TellableAccounts): void {
  const demoCredits = config.service === 'all' ? DEMO_CREDITS : 0;
  process.stdout.write(announcement({ ...config, listening, accounts, demoCredits }));
  if (config.readyFile === undefined) return;
  const urls = Object.fromEntries(listening.map(({ service, url }) => [service, url]));
  writeReadyFile(config.readyFile, { ...urls, pid: process.pid });
}

/**
 * The order of ending: no new streams, honest ends for those that run, what is owed, then the doors, then the last refusals. Until then they
 * stay open, so that readers can come back to the end of their stream and acknowledge it.
 */
function stepsOf(parts: {
  readonly listening: readonly Listening[];
  readonly loops: BackgroundLoops;
  readonly drain: (() => Promise<void>) | undefined;
  readonly settle: (() => Promise<unknown>) | undefined;
  readonly audit: () => Promise<void>;
  readonly graceMs: number;
  readonly stepMs: number;
}): ShutdownStep[] {
  const { listening, loops, drain, settle, audit, graceMs, stepMs } = parts;
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
    for (const { cut } of listening) cut();
    await doors;
  };
  steps.push({ name: 'close connections', limitMs: CLOSE_LIMIT_MS, run: closeDoors });
  steps.push({ name: 'finish the audit log', limitMs: CLOSE_LIMIT_MS, run: audit });
  return steps.map((step) => ({ ...step, limitMs: Math.min(step.limitMs, stepMs) }));
}
