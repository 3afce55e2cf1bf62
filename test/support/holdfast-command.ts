import { execFile } from 'node:child_process';
import { childEnvironment } from './child-environment.ts';

/** What a run of the command left behind. */
export interface CommandOutcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Largest output of one run, in bytes. */
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;

/** Runs `holdfast` with arguments to its end. */
export function holdfast(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  program = 'bin/holdfast.js',
): Promise<CommandOutcome> {
  return runToEnd(process.execPath, [program, ...args], { env: childEnvironment(env) });
}

/** Runs any program to its end. */
export function runToEnd(
  file: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<CommandOutcome> {
  return new Promise((resolve) => {
    const env = options.env ?? childEnvironment();
    execFile(file, args, { ...options, env, maxBuffer: MAX_OUTPUT_BYTES }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      resolve({ code, stdout, stderr });
    });
  });
}
