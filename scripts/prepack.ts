/** Makes `dist`, the JavaScript that the published package runs: Node strips no types below node_modules. */
import { spawnSync } from 'node:child_process';
import { cpSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const compiler = fileURLToPath(import.meta.resolve('typescript/bin/tsc'));

rmSync(new URL('../dist', import.meta.url), { recursive: true, force: true });
const compile = (project: string, ...flags: string[]): number =>
  spawnSync(process.execPath, [compiler, '--project', project, ...flags], { cwd: root, stdio: 'inherit' })
    .status ?? 1;
// Types are checked by `npm run check` and `npm test`, and need not be once more. Those of the client are for those who
// import it; nobody imports the rest.
const failures = [compile('tsconfig.build.json', '--noCheck'), compile('tsconfig.client.json')];
// What the compiler leaves behind: the page, which browsers get as it is, and what adapters read at their start.
const KEPT_AS_THEY_ARE = [
  'adapters/inbound/web/browser',
  'adapters/inbound/control/agent-control.proto',
  'adapters/outbound/rules/starter-rules.yaml',
];
for (const kept of KEPT_AS_THEY_ARE) {
  cpSync(new URL(`../src/${kept}`, import.meta.url), new URL(`../dist/${kept}`, import.meta.url), {
    recursive: true,
  });
}
process.exitCode = Math.max(...failures);
