import { MONGODB_VARIABLE } from '../../scripts/services/mongodb.ts';
import { REDIS_VARIABLE } from '../../scripts/services/redis.ts';

/**
 * The environment for a command that a test starts: this process's, without the servers that the tests themselves have,
 * since a command that read of them would serve from them. A test of a fleet names its own.
 */
export function childEnvironment(more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const { [MONGODB_VARIABLE]: _mongodb, [REDIS_VARIABLE]: _redis, ...environment } = process.env;
  return { ...environment, ...more };
}
