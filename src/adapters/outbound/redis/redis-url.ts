import { isIP } from 'node:net';
import type { RedisOptions } from 'ioredis';

/** A Redis server's usual port. */
const USUAL_PORT = 6379;

/** Where a server is and who asks it. */
export type RedisAddress = Pick<RedisOptions, 'host' | 'port' | 'username' | 'password' | 'db' | 'tls'>;

/**
 * Reads `redis[s]://[user:password@]host[:port][/database]`. Certificates of `rediss` are always checked, against the
 * CAs that the program trusts, and are for the host that is named.
 *
 * @throws Error with a sentence, which has nothing of the password in it, when it is another.
 */
export function redisAddress(url: string): RedisAddress {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !['redis:', 'rediss:'].includes(parsed.protocol) || parsed.hostname === '') {
    throw new Error('The URL of Redis must be redis://host:port, or rediss://host:port for TLS.');
  }
  if (parsed.search !== '' || parsed.hash !== '') {
    throw new Error('The URL of Redis can say nothing after the number of its database.');
  }
  const database = parsed.pathname.replace(/^\//, '');
  if (!/^\d{0,5}$/.test(database))
    throw new Error('What follows the host of Redis is no number of a database.');
  const host = parsed.hostname.replace(/^\[(.*)\]$/, '$1');
  return {
    host,
    port: parsed.port === '' ? USUAL_PORT : Number(parsed.port),
    db: Number(database),
    ...(parsed.username === '' ? {} : { username: decoded(parsed.username) }),
    ...(parsed.password === '' ? {} : { password: decoded(parsed.password) }),
    ...(parsed.protocol === 'redis:' ? {} : { tls: checked(host) }),
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Error('User and password in the URL of Redis must be percent-encoded.');
  }
}

/** Told in so many words, so that no variable of the environment can let any certificate pass. */
function checked(host: string): NonNullable<RedisOptions['tls']> {
  return isIP(host) === 0 ? { rejectUnauthorized: true, servername: host } : { rejectUnauthorized: true };
}
