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

/** Runs `holdfast` with arguments, and what it reads on stdin, to its end. */
export function holdfast(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  program = 'bin/holdfast.js',
  input?: string,
): Promise<CommandOutcome> {
  const given = input === undefined ? {} : { input };
  return runToEnd(process.execPath, [program, ...args], { env: childEnvironment(env), ...given });
}

/** Runs any program to its end. */
export function runToEnd(
  file: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv; readonly input?: string } = {},
): Promise<CommandOutcome> {
  return new Promise((resolve) => {
    const env = options.env ?? childEnvironment();
    const { input, ...rest } = options;
    const child = execFile(
      file,
      args,
      { ...rest, env, maxBuffer: MAX_OUTPUT_BYTES },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
        resolve({ code, stdout, stderr });
      },
    );
    if (input !== undefined) child.stdin?.end(input);
  });
}
