import { globSync, readFileSync } from 'node:fs';
import { expect } from 'chai';

const METRIC = /(?<=['`])holdfast_[a-z_]+(?=['`{])/g;

describe('docs/OPERATIONS.md', () => {
  it('lists every metric that the sources record, and no other', () => {
    const sources = globSync('src/**/*.ts').map((path) => readFileSync(path, 'utf8'));
    const recorded = new Set(sources.flatMap((text) => text.match(METRIC) ?? []));
    const listed = new Set(readFileSync('docs/OPERATIONS.md', 'utf8').match(METRIC) ?? []);
    expect(recorded.size).to.be.greaterThan(5);
    expect([...listed].sort()).to.deep.equal([...recorded].sort());
  });
});
