/** A promise that is resolved from outside; once, whoever tries again. */
export class Signal<Value> {
  readonly promise: Promise<Value>;
  readonly resolve: (value: Value) => void;

  constructor() {
    const { promise, resolve } = Promise.withResolvers<Value>();
    this.promise = promise;
    this.resolve = resolve;
  }
}
