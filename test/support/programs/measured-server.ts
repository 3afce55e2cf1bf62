/** The real command that, at SIGUSR2, collects and writes what it takes to the file that `MEMORY_FILE` names. */
import { renameSync, writeFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { runCli } from '../../../src/main/cli.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
const file = process.env.MEMORY_FILE ?? '';

process.on('SIGUSR2', () => {
  collect();
  // What finalisers let go is gone with the second.
  setImmediate(() => {
    collect();
    writeFileSync(`${file}.new`, JSON.stringify(process.memoryUsage()));
    renameSync(`${file}.new`, file);
  });
});
process.exitCode = await runCli(process.argv.slice(2));
