import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { cruise, type ICruiseOptions, type ICruiseResult } from 'dependency-cruiser';

const { forbidden, options } = createRequire(import.meta.url)('../../.dependency-cruiser.cjs') as {
  forbidden: NonNullable<NonNullable<ICruiseOptions['ruleSet']>['forbidden']>;
  options: Record<string, unknown>;
};

async function violationsIn(baseDir: string): Promise<{ modules: number; violations: string[] }> {
  const { output } = await cruise(['src'], { ...options, baseDir, validate: true, ruleSet: { forbidden } });
  const { summary } = output as ICruiseResult;
  const violations = summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} → ${to}`);
  return { modules: summary.totalCruised, violations };
}

/** One violation of each law, planted in a tree of its own, so that a rule that sees nothing cannot pass. */
const PLANTED: ReadonlyArray<{ rule: string; files: Record<string, string> }> = [
  { rule: 'domain-is-pure', files: { 'src/domain/a.ts': "import 'node:fs';" } },
  {
    rule: 'domain-is-pure',
    files: {
      'src/domain/a.ts': "import '../application/b.ts';",
      'src/application/b.ts': 'export const b = 1;',
    },
  },
  { rule: 'application-knows-no-adapter', files: { 'src/application/a.ts': "import 'node:crypto';" } },
  {
    rule: 'inbound-asks-the-application',
    files: {
      'src/adapters/inbound/http/a.ts': "import '../../outbound/sqlite/b.ts';",
      'src/adapters/outbound/sqlite/b.ts': 'export const b = 1;',
    },
  },
  {
    rule: 'outbound-serves-ports',
    files: {
      'src/adapters/outbound/sqlite/a.ts': "import '../../../application/use-case.ts';",
      'src/application/use-case.ts': 'export const b = 1;',
    },
  },
  {
    rule: 'adapters-never-import-each-other',
    files: {
      'src/adapters/outbound/sqlite/a.ts': "import '../memory/b.ts';",
      'src/adapters/outbound/memory/b.ts': 'export const b = 1;',
    },
  },
  {
    rule: 'browser-code-is-alone',
    files: {
      'src/adapters/inbound/web/browser/a.js': "import '../web-page.ts';",
      'src/adapters/inbound/web/web-page.ts': 'export const b = 1;',
    },
  },
  { rule: 'browser-code-is-alone', files: { 'src/adapters/inbound/web/browser/a.js': "import 'node:fs';" } },
  {
    rule: 'browser-code-stays-in-browsers',
    files: {
      'src/adapters/inbound/web/a.ts': "import './browser/b.js';",
      'src/adapters/inbound/web/browser/b.js': 'export const b = 1;',
    },
  },
  {
    rule: 'the-client-is-alone',
    files: {
      'src/client/mux/a.ts': "import '../../domain/b.ts';",
      'src/domain/b.ts': 'export const b = 1;',
    },
  },
  { rule: 'the-client-is-alone', files: { 'src/client/mux/a.ts': "import 'node:net';" } },
  {
    rule: 'the-server-needs-no-client',
    files: {
      'src/adapters/inbound/ws/a.ts': "import '../../../client/mux/b.ts';",
      'src/client/mux/b.ts': 'export const b = 1;',
    },
  },
  {
    rule: 'nothing-imports-main',
    files: { 'src/application/a.ts': "import '../main/b.ts';", 'src/main/b.ts': 'export const b = 1;' },
  },
  {
    rule: 'no-cycles',
    files: { 'src/main/a.ts': "import './b.ts';", 'src/main/b.ts': "import './a.ts';" },
  },
  {
    rule: 'no-test-code-in-the-product',
    files: { 'src/main/a.ts': "import '../../test/b.ts';", 'test/b.ts': 'export const b = 1;' },
  },
];

describe('the layers of the house', function () {
  this.timeout(60_000);

  it('are kept by every module of the sources', async () => {
    const { modules, violations } = await violationsIn(process.cwd());
    expect(violations).to.deep.equal([]);
    expect(modules).to.be.greaterThan(50);
  });

  for (const { rule, files } of PLANTED) {
    it(`notice a planted breach of ${rule}: ${Object.values(files)[0]}`, async () => {
      const root = mkdtempSync(join(tmpdir(), 'holdfast-layers-'));
      try {
        writeFileSync(join(root, 'package.json'), '{"type":"module"}');
        writeFileSync(join(root, 'tsconfig.json'), '{"compilerOptions":{"module":"nodenext"}}');
        for (const [path, text] of Object.entries(files)) {
          mkdirSync(dirname(join(root, path)), { recursive: true });
          writeFileSync(join(root, path), text);
        }
        const { violations } = await violationsIn(root);
        expect(violations.join('\n')).to.contain(rule);
      } finally {
        rmSync(root, { recursive: true, force: true });
      }
    });
  }
});
