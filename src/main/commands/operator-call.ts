import { type Config, loadConfig } from '../config.ts';
import { ConfigError } from '../configuration/config-error.ts';
import type { StoreConfig } from '../modules/store.ts';
import type { OperatorAct, OperatorAnswer, OperatorInput } from '../operator/operator-acts.ts';
import { askOperatorSocket } from '../operator/operator-socket.ts';

/**
 * Has an act of the operator carried out on a data folder: by the server that runs on it, else by opening the
 * store here.
 *
 * @throws DomainError when it is refused; OperatorError when the store cannot be opened; ConfigError when a fleet's is to
 *   be, and nobody has named the key that its acts are recorded with.
 */
export async function callOperator<Act extends OperatorAct>(
  store: StoreConfig,
  act: Act,
  input: OperatorInput<Act>,
): Promise<OperatorAnswer<Act>> {
  const answered = await askOperatorSocket(store.data, act, input);
  if (answered !== undefined) return answered as OperatorAnswer<Act>;
  if (store['mongodb.url'] !== undefined && store['audit.keyFile'] === undefined) {
    throw new ConfigError([
      `No node runs on the data folder ${store.data}: name the folder of one with --data, or the fleet's audit key with HOLDFAST_AUDIT_KEY_FILE.`,
    ]);
  }
  const { withOperatorContainer } = await import('../operator/operator-container.ts');
  const { performOperatorAct } = await import('../operator/operator-acts.ts');
  const answer = await withOperatorContainer(store, (container) => performOperatorAct(container, act, input));
  return answer as OperatorAnswer<Act>;
}

/** The store whose folder a command's flag names, or the configuration. A node that runs there needs no secret shown. */
export function storeOf(flags: { readonly data?: string }): Promise<Config> {
  return loadConfig({ asNode: false, flags: flags.data === undefined ? {} : { data: flags.data } });
}
