import type { CommandIo } from './command-io.ts';
import { exitCodeOf } from './failures.ts';
import { Terminal } from './terminal.ts';

/** Longest time a timer can be set to, in milliseconds. */
const FOR_EVER_MS = 2_147_483_647;

/**
 * Runs a command to its exit code: a foreseen failure becomes one sentence and its code. While it runs the process
 * stays alive, also in a wait that nothing but a timer ends. Who closes the pipe early is no failure: the write
 * itself tells.
 *
 * @throws whatever nobody foresaw.
 */
export async function runCommand(io: CommandIo, command: () => Promise<number>): Promise<number> {
  const alive = setInterval(() => undefined, FOR_EVER_MS);
  const onBrokenPipe = (): void => undefined;
  io.stdout.on('error', onBrokenPipe);
  try {
    return await command();
  } catch (error) {
    const code = exitCodeOf(error);
    if (code === undefined) throw error;
    new Terminal(io).say((error as Error).message);
    return code;
  } finally {
    clearInterval(alive);
    io.stdout.off('error', onBrokenPipe);
  }
}
