import { STREAMING_SCHEMA } from './migrations/0001-streaming.ts';
import type { Migration } from './migrations.ts';
import type { OperationSet } from './operation.ts';
import { STREAMING_OPERATIONS } from './streaming/streaming-operations.ts';

/** Every step of the schema, in order. */
export const MIGRATIONS: readonly Migration[] = [STREAMING_SCHEMA];

/** Every write that the store knows. */
export const OPERATIONS: OperationSet = { ...STREAMING_OPERATIONS };
