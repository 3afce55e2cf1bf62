/** Makes `dist`, the JavaScript that the published package runs: Node strips no types below node_modules. */
import { spawnSync } from 'node:child_process';
import { cpSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const compiler = fileURLToPath(import.meta.resolve('typescript/bin/tsc'));

rmSync(new URL('../dist', import.meta.url), { recursive: true, force: true });
const { status } = spawnSync(process.execPath, [compiler, '--project', 'tsconfig.build.json'], {
  cwd: root,
  stdio: 'inherit',
});
// Browsers get the page's files as they are.
const page = 'adapters/inbound/web/browser';
cpSync(new URL(`../src/${page}`, import.meta.url), new URL(`../dist/${page}`, import.meta.url), {
  recursive: true,
});
process.exitCode = status ?? 1;
