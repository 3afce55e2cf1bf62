import { readFileSync } from 'node:fs';
import { expect } from 'chai';

interface Locked {
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** Optional packages that the lock names as somebody's dependency and then knows nothing about. */
function unlocked(packages: Readonly<Record<string, Locked>>): string[] {
  return Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter(
      (name) =>
        packages[`node_modules/${name}`] === undefined &&
        packages[`${path}/node_modules/${name}`] === undefined,
    ),
  );
}

describe('the lock file', () => {
  const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'));

  it('locks the packages of every platform, without which npm ci refuses it', () => {
    expect(unlocked(lock.packages)).to.deep.equal([]);
  });

  it('notices a platform that is missing', () => {
    const packages = { 'node_modules/tool': { optionalDependencies: { 'tool-win32': '1.0.0' } } };
    expect(unlocked(packages)).to.deep.equal(['tool-win32']);
  });
});
