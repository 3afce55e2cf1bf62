import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { OperatorError } from '../../src/main/operator-error.ts';
import { writeReadyFile } from '../../src/main/ready-file.ts';
import { temporaryFolder } from '../support/running-server.ts';

const URLS = { chat: 'http://127.0.0.1:3002', pid: 1 };

describe('the file that tells that everything listens', () => {
  let folder: string;
  beforeEach(() => {
    folder = temporaryFolder();
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('is whole, its owner’s alone, and in the place of an earlier one that others could read', () => {
    const path = join(folder, 'ready.json');
    writeFileSync(path, 'of an earlier run', { mode: 0o644 });
    writeReadyFile(path, URLS);
    expect(JSON.parse(readFileSync(path, 'utf8'))).to.deep.equal(URLS);
    expect(statSync(path).mode & 0o777).to.equal(0o600);
    expect(readdirSync(folder), 'nothing is left beside it').to.deep.equal(['ready.json']);
  });

  it('is named when it cannot be written, as a wrong configuration', () => {
    const path = join(folder, 'taken');
    mkdirSync(join(path, 'by a folder'), { recursive: true });
    expect(() => writeReadyFile(path, URLS))
      .to.throw(OperatorError, path)
      .with.property('exitCode', 2);
  });
});
