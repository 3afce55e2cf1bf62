import type { SubscriberOwner } from '../../../domain/multiplexing/subscriber-owner.ts';
import type { AgentServices } from './agent-services.ts';

/** Where the rates of owners are kept, and how often somebody waits at them counted. */
type Services = Pick<AgentServices, 'loginRates' | 'inventoryRates' | 'metrics'>;

/** Waits until an owner's rate lets a login or an inventory in. False when its client has gone before. */
export async function isAdmitted(
  { loginRates, inventoryRates, metrics }: Services,
  what: 'login' | 'inventory',
  owner: SubscriberOwner,
  gone: AbortSignal,
): Promise<boolean> {
  const rates = what === 'login' ? loginRates : inventoryRates;
  const admitted = rates.admit(owner, gone);
  if (admitted === undefined) return true;
  metrics.count('holdfast_control_owner_waits_total', { what });
  try {
    await admitted;
    return true;
  } catch (error) {
    if (gone.aborted) return false;
    throw error;
  }
}
