import { runWriter } from './run-writer.ts';
import { MIGRATIONS, OPERATIONS } from './schema.ts';

runWriter({ migrations: MIGRATIONS, operations: OPERATIONS });
