import type { MigrateStore, MigrationListener } from '../../../../application/migration/migrate-store.ts';
import { PortError } from '../../../../application/ports/port-error.ts';
import type { CommandIo } from '../client/command-io.ts';
import { EXIT } from '../client/exit-code.ts';
import { safeText } from '../client/safe-text.ts';
import { Terminal } from '../client/terminal.ts';

/** Moves the cursor to the begin of a line and empties it. */
const OVER = '\r\u001b[K';

const STEPS = {
  'examine-source': 'Examining this store …',
  'examine-target': 'Examining what was stored …',
  compare: 'Comparing both …',
} as const;

/**
 * `holdfast migrate`: moves an embedded store to MongoDB.
 *
 * With `json` stdout gets one document, `{ok, counts?, reasons?}`. Progress goes to stderr: on a terminal one line that is
 * drawn anew, else a line for each table.
 *
 * @returns the exit code: 0 everything is there, 1 something stands against it, 3 a store is out of reach.
 */
export async function runMigrate(
  migrate: MigrateStore,
  options: { readonly json: boolean; readonly to: string },
  io: CommandIo,
): Promise<number> {
  const terminal = new Terminal(io);
  const progress = progressOn(io, terminal);
  try {
    const outcome = await migrate.execute(progress);
    const ok = outcome.kind !== 'refused';
    if (options.json) {
      const { kind: _, ...told } = outcome;
      await terminal.showJson({ ok, ...told });
    }
    if (outcome.kind === 'refused') for (const reason of outcome.reasons) terminal.say(reason);
    else if (outcome.kind === 'moved-before') terminal.say(`This store was moved to ${options.to} before.`);
    else {
      const rows = Object.values(outcome.counts).reduce((sum, count) => sum + count, 0);
      terminal.say(
        `Moved: ${rows} rows are in ${options.to}, examined and compared. Serve it with MONGODB_URL; what is here is served no more.`,
      );
    }
    return ok ? EXIT.done : EXIT.no;
  } catch (error) {
    if (!(error instanceof PortError)) throw error;
    terminal.say(`${error.message} Nothing is lost: run the same command again.`);
    return EXIT.unreachable;
  }
}

function progressOn(io: CommandIo, terminal: Terminal): MigrationListener {
  const redraws = io.stderr.isTTY === true;
  const told = new Set<string>();
  return {
    onStep: (step) => terminal.say(STEPS[step]),
    onCopied: (table, rows, of) => {
      if (told.has(table)) return;
      const isDone = rows >= of;
      if (isDone) told.add(table);
      if (redraws) io.stderr.write(`${OVER}${safeText(`${table}: ${rows} of ${of}`)}${isDone ? '\n' : ''}`);
      else if (isDone) terminal.say(`${table}: ${rows}`);
    },
  };
}
