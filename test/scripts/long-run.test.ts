import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { wholeNumber } from '../../scripts/long-run.ts';

const run = (...args: string[]) => spawnSync(process.execPath, args, { encoding: 'utf8' });

describe('a long run', function () {
  this.timeout(20_000);

  it('is shown by --help as npm starts it, with its options and what they are unless said', () => {
    const { status, stdout, stderr } = run('scripts/crash.ts', '--help');
    expect(stderr).to.equal('');
    expect(status).to.equal(0);
    expect(stdout).to.match(/^Usage: npm run test:crash -- \[options\]\n/);
    expect(stdout).to.match(/--points <n>\s+How often\. \(default: 20\)/);
  });

  it('refuses in sentences what it does not take, and does not begin', () => {
    const { status, stdout, stderr } = run('scripts/crash.ts', '--points', 'many');
    expect(stderr).to.equal(
      "error: option '--points <n>' argument 'many' is invalid. It takes a whole number of at least 1.\n" +
        '(npm run test:crash -- --help tells what there is)\n',
    );
    expect(status).to.equal(2);
    expect(stdout).to.equal('');
  });

  it('is called in its own help by the name that npm has for it', () => {
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as {
      scripts: Record<string, string>;
    };
    const named = Object.entries(scripts).filter(([name]) => name === 'bench' || name.startsWith('test:'));
    expect(named).to.have.length.above(1);
    for (const [name, command] of named) {
      const source = readFileSync(command.replace(/^node /, ''), 'utf8');
      expect(source, command).to.match(new RegExp(`\\blongRun\\(\\s*'${name}',`));
    }
  });

  it('takes whole numbers of at least 1', () => {
    expect(['1', '1000000'].map(wholeNumber)).to.deep.equal([1, 1_000_000]);
    for (const text of ['0', '-1', '1.5', 'one', ''])
      expect(() => wholeNumber(text), text).to.throw('whole number');
  });
});
