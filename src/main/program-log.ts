import { pino } from 'pino';
import { type LogSink, PinoLog } from '../adapters/outbound/system/pino-log.ts';
import { ReadableLogSink } from '../adapters/outbound/system/readable-log-sink.ts';
import type { Log } from '../application/ports/log.ts';
import type { Settings } from './configuration/settings.ts';

/** Most bytes of log that wait for a slow reader of stderr; what comes on top is dropped. */
const MAX_WAITING_LOG_BYTES = 8_388_608;

/** The log of this process on stderr, and how to empty its buffer before the end. */
export function openProgramLog(settings: Settings): { readonly log: Log; flush(): void } {
  const format = settings['log.format'];
  const readable = format === 'text' || (format === 'auto' && process.stderr.isTTY === true);
  const destination = pino.destination({ dest: 2, sync: false, maxLength: MAX_WAITING_LOG_BYTES });
  const sink: LogSink = readable ? new ReadableLogSink((line) => destination.write(line)) : destination;
  const log = new PinoLog({ level: settings['log.level'], service: settings.service, sink });
  return { log, flush: () => destination.flushSync() };
}
