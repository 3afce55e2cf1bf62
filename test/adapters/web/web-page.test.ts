import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { readWebPage, type WebPage } from '../../../src/adapters/inbound/web/web-page.ts';

describe("the page's files", () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-page-'));
  const read = (): WebPage => readWebPage(pathToFileURL(`${folder}/`));
  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);

  before(() => {
    mkdirSync(join(folder, 'views'));
    write('index.html', '<meta content="{{facts}}">{{links}}<script src="{{files}}/main.js">');
    write('main.js', "import './views/a.js';");
    write('views/a.js', 'export {};');
    write('a.css', 'p { }');
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('are named by their content, and a changed one changes the name', () => {
    const before = read();
    expect(before.release).to.match(/^[0-9a-f]{16}$/);
    expect(read().release).to.equal(before.release);
    write('views/a.js', 'export {}; //');
    expect(read().release).to.not.equal(before.release);
  });

  it('are all named in the page, which tells its facts without becoming markup', () => {
    const page = read();
    const html = page.html({ version: '"><script>', demo: [{ username: 'a', password: '&<$&' }] });
    expect(html).to.contain(`<link rel="stylesheet" href="/app/${page.release}/a.css">`);
    expect(html).to.contain(`<link rel="modulepreload" href="/app/${page.release}/views/a.js">`);
    expect(html).to.contain(`<script src="/app/${page.release}/main.js">`);
    expect(html).to.contain('&quot;&gt;&lt;script&gt;').and.contain('&amp;&lt;$&amp;');
    expect(html.match(/<script/g)).to.have.length(1);
  });

  it('are served by exactly their names', () => {
    const page = read();
    expect(page.file('views/a.js')?.type).to.equal('text/javascript; charset=utf-8');
    for (const name of ['index.html', 'views', '../web-page.ts', 'views/../main.js', '/main.js', ''])
      expect(page.file(name), name).to.equal(undefined);
  });

  it('are of kinds that are known, else nothing starts', () => {
    write('notes.txt', '');
    expect(read).to.throw(/unknown kind: notes\.txt/);
    rmSync(join(folder, 'notes.txt'));
  });

  it('are there in the sources', () => {
    expect(readWebPage().file('main.js')?.text).to.contain('new App');
  });
});
