import type { CreateIndexesOptions } from 'mongodb';

/** An index that queries, or races, rest on. */
export interface IndexSpec {
  readonly collection: string;
  readonly name: string;
  readonly key: Readonly<Record<string, 1 | -1>>;
  readonly options?: Pick<CreateIndexesOptions, 'unique' | 'partialFilterExpression' | 'expireAfterSeconds'>;
}
