import type { Container } from 'inversify';
import type { Config } from './config.ts';
import { isLoopback } from './configuration/network-address.ts';
import { OperatorError } from './operator-error.ts';
import type { ServiceName } from './service-name.ts';
import { CONTROL_RULES, LIVE_POLICIES } from './tokens/control.ts';
import { THIS_NODE } from './tokens/fleet.ts';
import { RECOVER_STREAMS } from './tokens/streaming.ts';
import { USERS } from './tokens.ts';

/**
 * Becomes a node, and makes the stores fit to serve: ends what an earlier run left open, and looks at whom the store
 * knows. Meanwhile nobody takes this node for dead, however much there is to end.
 *
 * @returns what lets others know that this node has left, where its start fails after all; it never rejects.
 * @throws OperatorError when a demo account would be served beyond this machine.
 */
export async function prepareStores(
  container: Container,
  running: readonly ServiceName[],
  config: Config,
): Promise<() => Promise<void>> {
  const node = container.get(THIS_NODE);
  // Where the store is away the lease lapses by itself.
  const leave = (): Promise<void> => node.leave().catch(() => undefined);
  await node.join();
  const ready = new AbortController();
  const renewed = node.execute({ signal: ready.signal });
  try {
    await prepare(container, running, config);
  } catch (error) {
    ready.abort(error);
    await renewed;
    await leave();
    throw error;
  }
  // From here on the lease is kept by the loops, which begin well within its life.
  ready.abort(new Error('the stores are fit to serve'));
  await renewed;
  return leave;
}

async function prepare(container: Container, running: readonly ServiceName[], config: Config): Promise<void> {
  if (running.includes('chat')) {
    await container.get(RECOVER_STREAMS).execute();
    await container.get(LIVE_POLICIES).load();
    // The operator's rules are ready before anybody is served; the program's own cost a third of a start, and wait for
    // the first agent.
    if (config['control.rulesFile'] !== undefined) await container.get(CONTROL_RULES).load();
  }
  if (running.includes('auth')) await refuseOpenDemo(container, config);
}

/** Demo accounts have known passwords: a store that holds one is served to this machine alone. */
async function refuseOpenDemo(container: Container, config: Config): Promise<void> {
  const { host, trustedProxy, data, 'mongodb.url': shared } = config;
  if (isLoopback(host) && trustedProxy.length === 0) return;
  if (!(await container.get(USERS).hasMark('demo'))) return;
  throw new OperatorError(
    2,
    `The store in ${shared ?? data} holds demo accounts with known passwords; change or disable them (holdfast user password NAME) before it is served beyond this machine.`,
  );
}
