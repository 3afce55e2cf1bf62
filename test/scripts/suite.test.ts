import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Outcome, runSuite } from '../../scripts/suite.ts';
import { eventually } from '../support/eventually.ts';

/** Time between two looks at whether files are to be stopped, in milliseconds. */
const LOOK_EVERY_MS = 20;
/** Some services that run tests have colours in what they say, also where it goes into a pipe. */
const PLAIN = { ...process.env, CI: undefined, FORCE_COLOR: undefined, NO_COLOR: '1' };
const QUICK = `
  it('passes', () => {});
  it('fails', () => { throw new Error('the quick reason', { cause: new Error('its cause') }); });
`;
/** Fails, and then hangs with a process that it has started; `marker` is written when that is so. */
const stuck = (marker: string): string => `
  it('fails before it hangs', () => { throw new Error('the reason before'); });
  it('hangs', () => {
    const child = require('node:child_process').spawn('sleep', ['1000']);
    require('node:fs').writeFileSync(${JSON.stringify(marker)}, String(child.pid));
    return new Promise(() => {});
  });
`;

describe('a suite of npm test', function () {
  this.timeout(60_000);
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-suite-test-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** Runs the files of the folder; stops them once that holds of what they have said. */
  async function run(
    options: readonly string[] = [],
    isTimeToStop: (said: string) => boolean = () => false,
  ): Promise<{ said: string; outcome: Outcome }> {
    const program = 'test/support/programs/run-suite.ts';
    const child = spawn(process.execPath, [program, folder, ...options], { stdio: 'pipe' });
    const said = { stdout: '', all: '' };
    const take = (text: Buffer): void => {
      said.all += text.toString();
    };
    child.stderr.on('data', take);
    child.stdout.on('data', take).on('data', (text: Buffer) => {
      said.stdout += text.toString();
    });
    const timer = setInterval(() => isTimeToStop(said.all) && child.stdin.end(), LOOK_EVERY_MS);
    await once(child, 'close').finally(() => clearInterval(timer));
    return { said: said.all, outcome: JSON.parse(said.stdout.trim().split('\n').at(-1) ?? '') as Outcome };
  }

  it('counts what passed and failed', async () => {
    writeFileSync(join(folder, 'a.test.cjs'), QUICK);
    const { outcome } = await run();
    expect(outcome).to.include({ passed: 1, failed: 1 });
    expect(outcome.failures).to.have.lengthOf(1);
    expect(outcome.failures?.[0]).to.match(/^fails: the quick reason \(.*a\.test\.cjs\)$/);
  });

  it('has failed when nothing of it could be run', async () => {
    writeFileSync(join(folder, 'a.test.cjs'), 'throw new Error("not even begun");');
    const { outcome, said } = await run();
    expect(outcome).to.include({ passed: 0, failed: 1 });
    expect(said).to.contain('not even begun').and.to.contain('mocha ended before it could count');
  });

  it('begins files that would wait for one another evenly among the others', async () => {
    for (const name of ['a-1', 'a-2', 'b-1', 'b-2', 'b-3', 'b-4', 'b-5', 'b-6']) {
      writeFileSync(join(folder, `${name}.test.cjs`), `it('${name}', () => {});`);
    }
    const [files, among] = [[join(folder, '*.test.cjs')], [join(folder, 'a-*.test.cjs')]];
    const output: string[] = [];
    const program = `
      import { runSuite } from ${JSON.stringify(new URL('../../scripts/suite.ts', import.meta.url).href)};
      const suite = { name: 'spread', options: [], ...${JSON.stringify({ files, among })} };
      await runSuite(suite, new AbortController().signal, () => undefined);
    `;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: 'pipe',
      env: PLAIN,
    });
    child.stdout.on('data', (text: Buffer) => output.push(text.toString()));
    await once(child, 'close');
    const begun = [...output.join('').matchAll(/✔ ([ab]-\d)/g)].map(([, name]) => name);
    expect(begun).to.deep.equal(['b-1', 'b-2', 'a-1', 'b-3', 'b-4', 'b-5', 'a-2', 'b-6']);
  });

  it('has no pattern that names no file', async () => {
    const suite = { name: 'none', files: [join(folder, 'moved.test.cjs')], options: [] };
    const outcome = await runSuite(suite, new AbortController().signal, () => {}).catch(String);
    expect(outcome).to.match(/^Error: There is no test file .*moved\.test\.cjs\.$/);
  });

  for (const [how, options, failed] of [
    ['one file after the other', [], 3],
    // A process beside others hands over what it has counted when a file is through.
    ['files side by side', ['--parallel', '--jobs', '2'], 2],
  ] as const) {
    it(`loses nothing when it is stopped: ${how}`, async () => {
      const marker = join(folder, 'stuck');
      writeFileSync(join(folder, 'a.test.cjs'), QUICK);
      writeFileSync(join(folder, 'b.test.cjs'), stuck(marker));
      const { said, outcome } = await run(
        ['--timeout', '0', ...options],
        (soFar) => /passes[\s\S]*1\) fails/.test(soFar) && existsSync(marker),
      );
      expect(said)
        .to.contain('the quick reason')
        .and.to.contain('its cause')
        .and.to.contain('the reason before');
      expect(said).to.match(/the suite: stopped after [\d.]+ s\. The last that was heard of is /);
      expect(outcome).to.include({ passed: 1, failed });
      const child = Number(readFileSync(marker, 'utf8'));
      await eventually(async () => expect(() => process.kill(child, 0)).to.throw());
    });
  }
});
