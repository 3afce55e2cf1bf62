import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Machine, provideService, type Service } from '../../scripts/services/service.ts';

const SERVICE: Service = {
  name: 'Harbour',
  variable: 'HOLDFAST_TEST_HARBOUR',
  programs: ['harbour', 'harbour-stable'],
  debianPackage: 'harbour-bin',
};

describe('what a test needs beside Node.js', () => {
  let folder: string;
  const program = (path: string, text = ''): string => {
    writeFileSync(join(folder, path), `#!/bin/sh\n${text}\n`);
    chmodSync(join(folder, path), 0o755);
    return join(folder, path);
  };
  const machine = (env: NodeJS.ProcessEnv = {}, isRoot = false): Machine => ({
    env: { PATH: `${folder}/bin`, ...env },
    isRoot,
  });

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-services-'));
    mkdirSync(join(folder, 'bin'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('is what its variable names, before anything on the PATH', () => {
    program('bin/harbour');
    const named = program('mine');
    expect(provideService(SERVICE, machine({ HOLDFAST_TEST_HARBOUR: named }))).to.equal(named);
    expect(() => provideService(SERVICE, machine({ HOLDFAST_TEST_HARBOUR: `${folder}/nothing` }))).to.throw(
      /^HOLDFAST_TEST_HARBOUR names .*nothing, which is no program/,
    );
  });

  it('is found on the PATH under the best of its names', () => {
    const second = program('bin/harbour-stable');
    expect(provideService(SERVICE, machine())).to.equal(second);
    const first = program('bin/harbour');
    expect(provideService(SERVICE, machine())).to.equal(first);
  });

  it('is installed where that asks nobody', () => {
    const harbour = join(folder, 'bin/harbour');
    program('bin/apt-get', `[ "$1" = install ] || exit 0\n/bin/ln -s /bin/sh ${harbour}`);
    expect(provideService(SERVICE, machine({}, true))).to.equal(harbour);
  });

  it('is asked for in a sentence where it is missing, not skipped', () => {
    const wanted =
      /^Harbour is needed by the tests: install it \(Debian: apt-get install harbour-bin\), or name its program in HOLDFAST_TEST_HARBOUR\./;
    expect(() => provideService(SERVICE, machine())).to.throw(wanted);
    program('bin/apt-get', 'echo "no network" >&2; exit 100');
    expect(() => provideService(SERVICE, machine({}, true)))
      .to.throw(wanted)
      .and.to.have.property('message')
      .that.matches(/failed at apt-get update: no network$/);
  });
});
