/**
 * Runs a server for as long as whoever started this lives: `keeper.ts <folder> <program> [argument…]`. When the
 * channel to that process closes, however that came about, the server is killed and its folder removed; when the server
 * dies first, the folder stays, so that another keeper can start it over. A message is a signal for the server, and is
 * answered when the signal is sent.
 */
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';

const [folder = '', program = '', ...args] = process.argv.slice(2);
const server = spawn(program, args, { cwd: folder, stdio: ['ignore', 'inherit', 'inherit'] });
let isOver = false;

function takeDown(): void {
  if (isOver) return;
  isOver = true;
  const remove = (): void => {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    process.exit(0);
  };
  server.removeAllListeners('exit');
  if (server.exitCode !== null || server.signalCode !== null || server.pid === undefined) {
    remove();
  } else {
    server.once('exit', remove);
    server.kill('SIGKILL');
  }
}

server.once('error', () => process.exit(1));
server.once('exit', () => process.exit(0));
process.on('message', (signal: NodeJS.Signals) => {
  server.kill(signal);
  process.send?.(signal);
});
process.once('disconnect', takeDown);
// Signals that end the whole group of processes, such as Ctrl-C, reach this one too: the server goes in order.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, takeDown);
