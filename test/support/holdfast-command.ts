import { execFile } from 'node:child_process';

/** What a run of the command left behind. */
export interface CommandOutcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Largest output of one run, in bytes. */
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;

/** Runs `holdfast` with arguments to its end. */
export function holdfast(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<CommandOutcome> {
  return new Promise((resolve) => {
    const options = { maxBuffer: MAX_OUTPUT_BYTES, env: { ...process.env, ...env } };
    execFile(process.execPath, ['bin/holdfast.js', ...args], options, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      resolve({ code, stdout, stderr });
    });
  });
}
