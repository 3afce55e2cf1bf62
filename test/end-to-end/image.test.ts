import { cpSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { expect } from 'chai';
import { childEnvironment } from '../support/child-environment.ts';
import { type CommandOutcome, holdfast, runToEnd } from '../support/holdfast-command.ts';
import { temporaryFolder } from '../support/running-server.ts';

/** One COPY of the checkout into the image; what a stage takes from another one is none. */
interface Copy {
  readonly sources: readonly string[];
  readonly target: string;
}

const stages = readFileSync('Dockerfile', 'utf8')
  .replaceAll(/\\\n/g, '')
  .split(/^FROM /m)
  .slice(1);
const built = stages.find((stage) => / AS build$/m.test(stage)) ?? '';
const last = stages.at(-1) ?? '';

const copiesOf = (stage: string): readonly Copy[] =>
  [...stage.matchAll(/^COPY (?!--from)(.+)$/gm)].map(([, words = '']) => {
    const paths = words.split(/\s+/);
    return { sources: paths.slice(0, -1), target: paths.at(-1) ?? '' };
  });

const kept = readFileSync('.dockerignore', 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'));

/** Whether who builds the image gets a path: the last line that fits decides, as Docker reads the file. */
const isSent = (path: string): boolean => {
  const fits = (name: string): boolean => name === '*' || path === name || path.startsWith(`${name}/`);
  return kept.findLast((line) => fits(line.replace(/^!/, '')))?.startsWith('!') ?? true;
};

/** Does what the COPY lines of a stage say, with what is sent and nothing else. */
function copyInto(folder: string, stage: string): void {
  for (const { sources, target } of copiesOf(stage)) {
    for (const source of sources.filter(isSent)) {
      // A folder's content goes into the target, a file goes below a target that ends in a slash.
      const path = target.endsWith('/') ? join(folder, target, source) : join(folder, target);
      mkdirSync(dirname(path), { recursive: true });
      cpSync(source, path, { recursive: true });
    }
  }
}

describe('the image of containers, built by hand from what its Dockerfile names', () => {
  const folder = temporaryFolder();
  const build = join(folder, 'build');
  const app = join(folder, 'app');
  let made: CommandOutcome;

  before(async () => {
    copyInto(build, built);
    symlinkSync(resolve('node_modules'), join(build, 'node_modules'));
    const [, script = ''] = /^RUN node (.+)$/m.exec(built) ?? [];
    made = await runToEnd(process.execPath, script.split(' '), { cwd: build, env: childEnvironment() });
    copyInto(app, last);
    symlinkSync(resolve('node_modules'), join(app, 'node_modules'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('copies only what there is, and what is sent to who builds it', () => {
    const sources = stages.flatMap((stage) => copiesOf(stage).flatMap((copy) => copy.sources));
    expect(sources).to.include.members(['src', 'bin', 'package-lock.json']);
    for (const source of sources) {
      expect(statSync(source, { throwIfNoEntry: false }), source).not.to.equal(undefined);
      expect(isSent(source), `${source} is held back by .dockerignore`).to.equal(true);
    }
  });

  it('is sent nothing that it does not copy', () => {
    const sources = stages.flatMap((stage) => copiesOf(stage).flatMap((copy) => copy.sources));
    const sent = kept.filter((line) => line.startsWith('!')).map((line) => line.slice(1));
    expect(sent.filter((path) => !sources.includes(path))).to.deep.equal([]);
    for (const path of ['test', 'node_modules', '.git', 'bench']) expect(isSent(path), path).to.equal(false);
  });

  it('has everything that compiling takes', () => {
    expect(made.code, made.stdout + made.stderr).to.equal(0);
  });

  it('runs, with what was compiled, as the command that its entry point names', async () => {
    const [, program = ''] = /exec node \/app\/(\S+)/.exec(last) ?? [];
    cpSync(join(build, 'dist'), join(app, 'dist'), { recursive: true });
    const told = await holdfast(['--help'], {}, join(app, program));
    expect(told.code, told.stderr).to.equal(0);
    const [, command = ''] = /^CMD \["(\w+)"\]$/m.exec(last) ?? [];
    expect(told.stdout).to.match(new RegExp(`^ +${command}\\b`, 'm'));
    const event = JSON.stringify({ tool: { toolName: 'bash', input: 'rm -rf /' } });
    const judged = await holdfast(['classify', '--json'], {}, join(app, program), event);
    expect(JSON.parse(judged.stdout), judged.stderr).to.include({ rule: 'shell.delete-system' });
  });
});
