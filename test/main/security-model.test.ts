import { existsSync, readFileSync } from 'node:fs';
import { expect } from 'chai';

/** Requirements of levels 1 and 2 in ASVS 5.0's chapters 3, 6, 7, 8 and 11: section, and the numbers in it. */
const ASKED: Readonly<Record<string, readonly number[]>> = {
  '3.2': [1, 2],
  '3.3': [1, 2, 3, 4],
  '3.4': [1, 2, 3, 4, 5, 6],
  '3.5': [1, 2, 3, 4, 5],
  '3.7': [1, 2],
  '6.1': [1, 2, 3],
  '6.2': [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
  '6.3': [1, 2, 3, 4],
  '6.4': [1, 2, 3, 4],
  '6.5': [1, 2, 3, 4, 5],
  '6.6': [1, 2, 3],
  '6.8': [1, 2, 3, 4],
  '7.1': [1, 2, 3],
  '7.2': [1, 2, 3, 4],
  '7.3': [1, 2],
  '7.4': [1, 2, 3, 4, 5],
  '7.5': [1, 2],
  '7.6': [1, 2],
  '8.1': [1, 2],
  '8.2': [1, 2, 3],
  '8.3': [1],
  '8.4': [1],
  '11.1': [1, 2],
  '11.2': [1, 2, 3],
  '11.3': [1, 2, 3],
  '11.4': [1, 2, 3, 4],
  '11.5': [1],
  '11.6': [1],
};

/** What is asked of sessions that share a connection: routing, isolation, authority, floods, cost, operation, the rest. */
const MULTIPLEXING_SAFEGUARDS = 5 + 4 + 5 + 5 + 7 + 5 + 7;

describe('the security model', () => {
  const text = readFileSync(new URL('../../docs/SECURITY-MODEL.md', import.meta.url), 'utf8');
  const answered = text
    .split('\n')
    .flatMap((line) => /^\| ((?:\d+\.\d+\.\d+(?:, )?)+) \|/.exec(line)?.[1]?.split(', ') ?? []);

  it('answers every requirement of the levels that it aims at, once', () => {
    const asked = Object.entries(ASKED).flatMap(([section, numbers]) =>
      numbers.map((number) => `${section}.${number}`),
    );
    expect(answered).to.have.members(asked);
    expect(answered.length).to.equal(asked.length);
  });

  it('answers each safeguard of session multiplexing by a test, or says why there is none', () => {
    const section = text.split('## Safeguards of session multiplexing')[1]?.split('\n## ')[0] ?? '';
    const rows = [...section.matchAll(/^\| (?!\*\*|safeguard|---)([^|]+) \| ([^|]+) \| ([^|]+) \|$/gm)];
    expect(rows.length).to.equal(MULTIPLEXING_SAFEGUARDS);
    const unshown = rows.filter(([, , how, shown]) => shown === '–' && !how?.startsWith('*not built*'));
    expect(unshown.map(([, name]) => name)).to.deep.equal([]);
  });

  it('names tests that there are', () => {
    const named = [...text.matchAll(/`([a-z0-9/-]+(?:\.test)?\.ts)`/g)].map((match) => match[1] ?? '');
    const tests = named.filter((path) => path.includes('/') && !path.startsWith('src/'));
    expect(tests.length).to.be.greaterThan(100);
    const missing = tests.filter((path) => !existsSync(new URL(`../${path}`, import.meta.url)));
    expect(missing).to.deep.equal([]);
  });

  it('leads to documents that there are', () => {
    const links = [...text.matchAll(/\]\(([^)#]+)\)/g)].map((match) => match[1] ?? '');
    const missing = links.filter((path) => !existsSync(new URL(`../../docs/${path}`, import.meta.url)));
    expect(missing).to.deep.equal([]);
  });
});
