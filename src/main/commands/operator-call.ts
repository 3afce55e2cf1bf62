import type { StoreSettings } from '../modules/audit.ts';
import type { OperatorAct, OperatorAnswer, OperatorInput } from '../operator/operator-acts.ts';
import { askOperatorSocket } from '../operator/operator-socket.ts';

/**
 * Has an act of the operator carried out on a data folder: by the server that runs on it, else by opening the
 * store here.
 *
 * @throws DomainError when it is refused; OperatorError when the store cannot be opened.
 */
export async function callOperator<Act extends OperatorAct>(
  store: StoreSettings,
  act: Act,
  input: OperatorInput<Act>,
): Promise<OperatorAnswer> {
  const answered = await askOperatorSocket(store.data, act, input);
  if (answered !== undefined) return answered;
  const { withOperatorContainer } = await import('../operator/operator-container.ts');
  const { performOperatorAct } = await import('../operator/operator-acts.ts');
  return withOperatorContainer(store, (container) => performOperatorAct(container, act, input));
}
