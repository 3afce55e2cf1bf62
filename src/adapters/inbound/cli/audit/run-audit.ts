import type { AuditPage, ReadAudit, ReadRecord } from '../../../../application/audit/read-audit.ts';
import { PortError } from '../../../../application/ports/port-error.ts';
import type { CommandIo } from '../client/command-io.ts';
import { EXIT } from '../client/exit-code.ts';
import { safeText } from '../client/safe-text.ts';
import { Terminal } from '../client/terminal.ts';

/** Records that are read at once. */
const PAGE_RECORDS = 500;
/** Rest between two looks for new records, in milliseconds. */
const LOOK_EVERY_MS = 500;

/** What `holdfast audit` was asked for. */
export interface AuditOptions {
  /** Waits for what comes, until Ctrl-C. */
  readonly follow: boolean;
  /** One JSON document a line. */
  readonly json: boolean;
  /** Only what comes after this cursor. */
  readonly after: number;
}

/**
 * `holdfast audit`: shows the audit log of a store, oldest first, a record a line:
 * `cursor  time  outcome  act  actor  object  facts`.
 *
 * @returns the exit code: 0 all shown, 3 the store cannot be read, 130 interrupted.
 */
export async function runAudit(readAudit: ReadAudit, options: AuditOptions, io: CommandIo): Promise<number> {
  const terminal = new Terminal(io);
  const interrupted = new AbortController();
  const forget = io.onInterrupt(() => interrupted.abort(new Error('interrupted')));
  try {
    let after = options.after;
    for (;;) {
      const page = await readAudit.execute({ afterCursor: after, limit: PAGE_RECORDS });
      if (!(await show(page, options, terminal, interrupted.signal))) return EXIT.done;
      after = page.nextCursor;
      if (interrupted.signal.aborted) return EXIT.interrupted;
      if (page.hasMore) continue;
      if (!options.follow) return EXIT.done;
      await io.timers.sleep(LOOK_EVERY_MS, interrupted.signal).catch(() => undefined);
      if (interrupted.signal.aborted) return EXIT.interrupted;
    }
  } catch (error) {
    if (!(error instanceof PortError)) throw error;
    terminal.say(error.message);
    return EXIT.unreachable;
  } finally {
    forget();
  }
}

/** False once nobody reads any more. */
async function show(
  { records }: AuditPage,
  { json }: AuditOptions,
  terminal: Terminal,
  interrupted: AbortSignal,
): Promise<boolean> {
  for (const record of records) {
    if (interrupted.aborted) return true;
    if (!(await terminal.show(json ? jsonOf(record) : lineOf(record)))) return false;
  }
  return true;
}

/** JSON escapes what could touch a terminal only in part; the rest is escaped the same way. */
const jsonOf = ({ record, atMs, ...place }: ReadRecord): string =>
  `${JSON.stringify({ ...place, timestamp: new Date(atMs).toISOString(), ...record })}\n`;

/** Every word is made safe by itself, newlines too: a record is one line, whatever it says. */
function lineOf({ cursor, atMs, record }: ReadRecord): string {
  const { act, outcome, actor = '-', object = '-', requestId, facts } = record;
  const told = Object.entries({ ...(requestId === undefined ? {} : { requestId }), ...facts });
  const words = [act, actor, object, ...told.map(([name, value]) => `${name}=${JSON.stringify(value)}`)];
  const [safeAct = '', ...rest] = words.map((word) => safeText(word).replaceAll('\n', '\\u{a}'));
  return `${[cursor, new Date(atMs).toISOString(), outcome.padEnd('refused'.length), safeAct, ...rest].join('  ')}\n`;
}
