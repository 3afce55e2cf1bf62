import { globSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import ts from 'typescript';
import { FLEET_LOOKS, FLEET_READS, FLEET_WRITES } from './fleet-writes.ts';

const parse = (name: string): ts.SourceFile =>
  ts.createSourceFile(name, readFileSync(name, 'utf8'), ts.ScriptTarget.ES2024, true);

/** The interfaces of all ports, by their names. */
function ports(): Map<string, ts.InterfaceDeclaration> {
  const declared = globSync('src/application/ports/**/*.ts').flatMap((name) =>
    parse(name).statements.filter(ts.isInterfaceDeclaration),
  );
  return new Map(declared.map((port) => [port.name.text, port]));
}

/** The methods of a port, those that it takes over from another included. */
function methodsOf(
  port: ts.InterfaceDeclaration,
  all: ReadonlyMap<string, ts.InterfaceDeclaration>,
): string[] {
  const own = port.members.flatMap(({ name }) => (name === undefined ? [] : [name.getText()]));
  const bases = (port.heritageClauses ?? []).flatMap(({ types }) =>
    types.map((type) => type.expression.getText()),
  );
  return [...own, ...bases.flatMap((base) => methodsOf(all.get(base) ?? port, all))];
}

/** The ports that classes of the fleet's store keep. */
function keptPorts(): string[] {
  const classes = globSync('src/adapters/outbound/mongo/**/*.ts').flatMap((name) =>
    parse(name).statements.filter(ts.isClassDeclaration),
  );
  const clauses = classes.flatMap(({ heritageClauses = [] }) => [...heritageClauses]);
  const kept = clauses
    .filter(({ token }) => token === ts.SyntaxKind.ImplementsKeyword)
    .flatMap(({ types }) => types.map((type) => type.expression.getText()));
  return [...new Set(kept)];
}

const texts = (...patterns: readonly string[]): string[] =>
  patterns.flatMap((pattern) => globSync(pattern)).map((name) => readFileSync(name, 'utf8'));

/** Whether one of these texts has a test of this title, which calls the method. */
const tests = (files: readonly string[], title: string, method: string): boolean =>
  files.some((text) => hasTitle(text, title) && new RegExp(`\\.${method}\\(`).test(text));

/** A title stands whole in its quotation marks, or begins a template. */
const hasTitle = (text: string, title: string): boolean =>
  [`'${title}'`, `"${title}"`, `\`${title} `, `} ${title} `].some((quoted) => text.includes(quoted));

describe('the list of writes notices', () => {
  const text = "it('ends nothing twice', () => late.seal(one));";

  it('a test that is gone, or that does not call the method', () => {
    expect(tests([text], 'ends nothing twice', 'seal')).to.equal(true);
    expect(tests([text], 'ends nothing', 'seal')).to.equal(false);
    expect(tests([text], 'ends nothing twice', 'accept')).to.equal(false);
  });
});

describe('every write to the store of a fleet', () => {
  const all = ports();
  const kept = keptPorts().filter((port) => !FLEET_LOOKS.includes(port));
  const methods = kept.flatMap((port) => {
    const declared = all.get(port);
    if (declared === undefined) throw new Error(`there is no port ${port}`);
    return methodsOf(declared, all).map((method) => `${port}.${method}`);
  });

  it('is looked for among ports and adapters that are there', () => {
    expect(kept).to.include.members(['StreamRepository', 'ReservationLedger', 'AttemptCounter']);
    expect(methods.length).to.be.greaterThan(100);
    expect(FLEET_LOOKS.filter((port) => !all.has(port))).to.deep.equal([]);
  });

  it('is known, and so is everything that only reads', () => {
    const reads = Object.entries(FLEET_READS).flatMap(([port, names]) =>
      names.map((name) => `${port}.${name}`),
    );
    const known = [...Object.keys(FLEET_WRITES), ...reads];
    expect(known).to.have.members(methods);
    expect(new Set(known).size, 'each is in one list').to.equal(known.length);
  });

  it('has a test that writes it late, or the reason why it needs none', () => {
    const late = texts('test/contracts/*.ts', 'test/adapters/mongo/**/*.test.ts');
    const missing = Object.entries(FLEET_WRITES).filter(([write, { fence, late: title }]) => {
      if (title === undefined) return !fence.startsWith('none');
      return !tests(late, title, write.split('.')[1] ?? '');
    });
    expect(missing.map(([write]) => write)).to.deep.equal([]);
  });

  it('has a test whose connections break before it and after it', () => {
    const cuts = texts('test/adapters/mongo/**/*.test.ts').filter((text) => text.includes('new MongoProxy('));
    const missing = Object.entries(FLEET_WRITES).filter(
      ([write, { cut }]) => !tests(cuts, cut, write.split('.')[1] ?? ''),
    );
    expect(missing.map(([write]) => write)).to.deep.equal([]);
  });
});
