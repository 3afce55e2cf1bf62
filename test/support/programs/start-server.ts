/** Starts a server as tests do, says where it is, and then waits to be ended. */
import { startRedis } from '../../../scripts/services/redis.ts';

const server = await startRedis();
process.stdout.write(`${server.url}\n`);
setInterval(() => undefined, 60_000);
