import type { CommandIo } from '../../adapters/inbound/cli/client/command-io.ts';
import { CryptoIdSource } from '../../adapters/outbound/system/crypto-id-source.ts';
import { NodeDigest } from '../../adapters/outbound/system/node-digest.ts';
import { SystemClock } from '../../adapters/outbound/system/system-clock.ts';
import { SystemTimers } from '../../adapters/outbound/system/system-timers.ts';

/** The real world of a command that talks to a server. */
export const systemIo = (): CommandIo => ({
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  clock: new SystemClock(),
  timers: new SystemTimers(),
  ids: new CryptoIdSource(),
  digest: new NodeDigest(),
  onInterrupt: (listener) => {
    process.on('SIGINT', listener);
    return () => process.off('SIGINT', listener);
  },
});
