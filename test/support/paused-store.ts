import type { MongoStore } from '../../src/adapters/outbound/mongo/mongo-store.ts';

/** A store whose node is paused at its first write, when it has read what it wanted to know. */
export function pausedStore(store: MongoStore): {
  readonly store: MongoStore;
  /** Resolves when it is paused. */
  readonly reached: Promise<void>;
  readonly goOn: () => void;
} {
  const reached = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const pausing =
    (name: 'attempt' | 'write') =>
    async <Out>(command: () => Promise<Out>): Promise<Out> => {
      reached.resolve();
      await gate.promise;
      return store[name](command);
    };
  const paused = new Proxy(store, {
    get: (target, name) => {
      if (name === 'attempt' || name === 'write') return pausing(name);
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
  return { store: paused, reached: reached.promise, goOn: gate.resolve };
}
