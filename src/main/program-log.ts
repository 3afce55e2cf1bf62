import { pino } from 'pino';
import { type LogSink, PinoLog } from '../adapters/outbound/system/pino-log.ts';
import { ReadableLogSink } from '../adapters/outbound/system/readable-log-sink.ts';
import type { Log } from '../application/ports/log.ts';
import type { Settings } from './configuration/settings.ts';

/** Most bytes of log that wait for a slow reader of stderr; what comes on top is dropped. */
const MAX_WAITING_LOG_BYTES = 8_388_608;

/**
 * The log of this process on stderr, and how to empty its buffer before the end. A log that cannot be written, such as
 * one on a full disk, says less and costs nothing else: its lines wait for room as far as they may.
 */
export function openProgramLog(settings: Settings): { readonly log: Log; flush(): void } {
  const format = settings['log.format'];
  const readable = format === 'text' || (format === 'auto' && process.stderr.isTTY === true);
  const destination = pino.destination({ dest: 2, sync: false, maxLength: MAX_WAITING_LOG_BYTES });
  onlyWaitFor(destination);
  const sink: LogSink = readable ? new ReadableLogSink((line) => destination.write(line)) : destination;
  const log = new PinoLog({ level: settings['log.level'], service: settings.service, sink });
  return { log, flush: () => destination.flushSync() };
}

/**
 * Keeps a destination that fails from ending the process: by its error, which nobody would take, and by the last flush,
 * which repeats a write until it succeeds, whatever the reason, and holds up everything meanwhile.
 */
function onlyWaitFor(destination: ReturnType<typeof pino.destination>): void {
  const flushSync = destination.flushSync.bind(destination);
  destination.on('error', () => {
    destination.flushSync = () => undefined;
  });
  destination.on('write', () => {
    destination.flushSync = flushSync;
  });
}
