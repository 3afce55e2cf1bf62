import type { Network, SimulatedServer } from '../world/network.ts';
import type { SimulatedProcess } from '../world/simulated-process.ts';

/** A port's adapter that a server keeps, and what may be done to calls of it. */
export interface Kept<Port extends object> {
  readonly name: string;
  readonly adapter: Port;
  readonly server: SimulatedServer;
  /** Methods that the port lets anybody repeat. */
  readonly repeatable: ReadonlySet<keyof Port & string>;
  /** Told after each call that was carried out, before anything else happens. */
  carriedOut?(
    method: string,
    given: readonly unknown[],
    result: unknown,
    by: SimulatedProcess,
  ): Promise<void> | void;
}

type Method = (...given: readonly unknown[]) => Promise<unknown>;

/** A port as one process has it: every call goes over the network to the one adapter that all of them share. */
export function overNetwork<Port extends object>(
  network: Network,
  process: SimulatedProcess,
  kept: Kept<Port>,
): Port {
  const { name, adapter, server, repeatable } = kept;
  return new Proxy(adapter, {
    get: (_target, key) => {
      const method = String(key);
      return (...given: readonly unknown[]) =>
        network.ask(process, server, {
          what: `${name}.${method}(${shortly(given[0])})`,
          repeatable: (repeatable as ReadonlySet<string>).has(method),
          carryOut: () => (Reflect.get(adapter, key) as Method).apply(adapter, [...given]),
          carriedOut: (result, by) => kept.carriedOut?.(method, given, result, by),
        });
    },
  });
}

/** The end of an id, which tells it from others; nothing of anything else. */
export function shortly(given: unknown): string {
  if (typeof given === 'string') return given.length > 24 ? `…${given.slice(-6)}` : given;
  const named = (given ?? {}) as { id?: unknown; session?: { id?: unknown } };
  const id = named.id ?? named.session?.id;
  return typeof id === 'string' ? shortly(id) : '';
}
