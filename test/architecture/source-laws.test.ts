import { globSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect } from 'chai';
import ts from 'typescript';
import {
  ambientReads,
  barrels,
  defaultExports,
  entityComparisons,
  longFunctions,
  MAX_FILE_LINES,
  MAX_TEST_LINES,
  unshieldedCommands,
} from './source-laws.ts';

const parse = (name: string, text: string): ts.SourceFile =>
  ts.createSourceFile(name, text, ts.ScriptTarget.ES2024, true);
const filesIn = (...roots: string[]): ts.SourceFile[] =>
  roots
    .flatMap((root) => globSync(`${root}/**/*.{ts,js}`))
    .map((name) => parse(name, readFileSync(name, 'utf8')));

const sources = filesIn('src');
const tests = filesIn('test', 'bench');
const longLines = (files: ts.SourceFile[], most: number): string[] =>
  files
    .map((file) => ({ name: file.fileName, lines: file.text.trimEnd().split('\n').length }))
    .filter(({ lines }) => lines > most)
    .map(({ name, lines }) => `${name} has ${lines} lines`);

describe('the laws of the sources', function () {
  this.timeout(120_000);

  it('are read over a tree that is not empty', () => {
    expect(sources.length).to.be.greaterThan(50);
    expect(tests.length).to.be.greaterThan(5);
    expect(sources.filter(({ fileName }) => fileName.endsWith('.js')).length).to.be.greaterThan(10);
  });

  it('keep functions short', () => {
    expect([...sources, ...tests].flatMap(longFunctions)).to.deep.equal([]);
  });

  it('keep files short', () => {
    expect([...longLines(sources, MAX_FILE_LINES), ...longLines(tests, MAX_TEST_LINES)]).to.deep.equal([]);
  });

  it('allow no default export and no barrel', () => {
    expect(sources.flatMap((file) => [...defaultExports(file), ...barrels(file)])).to.deep.equal([]);
  });

  it('let time, chance and environment in only through their one door', () => {
    expect(sources.flatMap(ambientReads)).to.deep.equal([]);
  });

  it('let tests start the command only in an environment without their own servers', () => {
    expect(filesIn('test').flatMap(unshieldedCommands)).to.deep.equal([]);
  });

  it('leave no half-merged lines in any text that is kept', () => {
    const kept = ['*.{md,json}', '{bin,docs,scripts,bench,src,test}/**/*.{ts,js,md,json,html,css,sql}'];
    const texts = kept.flatMap((pattern) => globSync(pattern));
    expect(texts).to.include('docs/ARCHITECTURE.md');
    expect(
      texts.filter((name) => /^(<{7}|>{7}) /m.test(readFileSync(name, 'utf8'))),
      'files with the marks of a conflict',
    ).to.deep.equal([]);
  });

  it('compare and copy entities only as snapshots', () => {
    const names = globSync('{src,test}/**/*.ts').map((name) => resolve(name));
    const program = ts.createProgram(names, {
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      allowImportingTsExtensions: true,
      noEmit: true,
      skipLibCheck: true,
      types: ['node', 'mocha'],
    });
    const checker = program.getTypeChecker();
    const own = program.getSourceFiles().filter((file) => names.includes(resolve(file.fileName)));
    expect(own.flatMap((file) => entityComparisons(file, checker))).to.deep.equal([]);
  });
});

describe('the laws of the sources notice', () => {
  const breach = (
    law: (file: ts.SourceFile) => string[],
    text: string,
    name = 'src/application/planted.ts',
  ): string[] => law(parse(name, text));

  it('a function that is too long', () => {
    expect(breach(longFunctions, `function f() {\n${'f();\n'.repeat(70)}}`)).to.have.length(1);
  });

  it('a default export and a barrel', () => {
    expect(breach(defaultExports, 'export default 1;')).to.have.length(1);
    expect(breach(defaultExports, 'export default function f() {}')).to.have.length(1);
    expect(breach(barrels, "export * from './a.ts';")).to.have.length(1);
  });

  for (const text of [
    'Date.now();',
    'new Date();',
    'Math.random();',
    'crypto.randomUUID();',
    'process.env.X;',
  ]) {
    it(`a stray ${text}`, () => {
      expect(breach(ambientReads, text)).to.have.length(1);
    });
  }

  it('a command that would read the environment of the tests', () => {
    const start = "const words = ['bin/holdfast.js', 'doctor'];";
    expect(breach(unshieldedCommands, `${start} run(process.execPath, words);`)).to.have.length(1);
    expect(breach(unshieldedCommands, `${start} run(process.execPath, words, childEnvironment());`)).to.be
      .empty;
  });

  it('an entity that is compared, cloned or stringified', () => {
    const domain = resolve('src/domain/planted-entity.ts');
    const user = resolve('src/application/planted-use.ts');
    const texts = new Map([
      [domain, 'export class Entity { readonly #state = 1; read() { return this.#state; } }'],
      [
        user,
        "import { Entity } from '../domain/planted-entity.ts'; declare const expect: any; const e = new Entity();" +
          'expect(e).to.deep.equal(e); structuredClone(e); JSON.stringify(e); JSON.stringify(e.read());',
      ],
    ]);
    const options: ts.CompilerOptions = {
      allowImportingTsExtensions: true,
      noEmit: true,
      noLib: true,
      types: [],
    };
    const host = ts.createCompilerHost(options);
    const fromDisk = host.getSourceFile.bind(host);
    host.getSourceFile = (name, version) => {
      const text = texts.get(name);
      return text === undefined ? fromDisk(name, version) : parse(name, text);
    };
    host.fileExists = (name) => texts.has(name) || ts.sys.fileExists(name);
    const program = ts.createProgram([...texts.keys()], options, host);
    const file = program.getSourceFile(user);
    expect(file && entityComparisons(file, program.getTypeChecker())).to.have.length(3);
  });
});
