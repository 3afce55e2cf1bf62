import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { expect } from 'chai';
import { childEnvironment } from '../support/child-environment.ts';
import { type CommandOutcome, holdfast, runToEnd } from '../support/holdfast-command.ts';
import { RunningServer, temporaryFolder } from '../support/running-server.ts';

/** PATH as a user's shell has it: without what npm puts before it while it runs a script. */
const OUTER_PATH = (process.env.PATH ?? '')
  .split(delimiter)
  .filter((folder) => !folder.includes('node_modules'))
  .join(delimiter);

const npm = async (args: readonly string[], cwd: string): Promise<CommandOutcome> => {
  const outcome = await runToEnd('npm', args, { cwd, env: childEnvironment({ PATH: OUTER_PATH }) });
  if (outcome.code !== 0) throw new Error(`npm ${args[0]} failed:\n${outcome.stderr}`);
  return outcome;
};

describe('the checkout', () => {
  it('has the command for npx, on the Node.js that came with it', async () => {
    const { stdout } = await npm(['exec', '--no', '--', 'holdfast', '--version'], process.cwd());
    expect(stdout).to.match(/^\d+\.\d+\.\d+\n$/);
  });

  it('tells in a sentence that an older Node.js will not do', async () => {
    const older = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.20.2' } })`;
    const preload = `data:text/javascript,${encodeURIComponent(older)}`;
    const { code, stderr } = await runToEnd(process.execPath, ['--import', preload, 'bin/holdfast.js']);
    expect(code).to.equal(2);
    expect(stderr).to.match(
      /^Holdfast needs Node\.js 24 or newer and this is 20\.20\.2\. .*--ignore-scripts\.\n$/,
    );
  });
});

describe('the packed program', () => {
  const folder = temporaryFolder();
  const elsewhere = join(folder, 'elsewhere');
  const program = join(elsewhere, 'node_modules/holdfast/bin/holdfast.js');
  const installed = (...args: string[]): Promise<CommandOutcome> => holdfast(args, {}, program);

  before(async () => {
    mkdirSync(elsewhere);
    writeFileSync(
      join(elsewhere, 'package.json'),
      JSON.stringify({ private: true, allowScripts: { node: true, argon2: true } }),
    );
    // The compiler's own start is the checkout's Node.js, as in a script of the package.
    await runToEnd('npm', ['pack', '--silent', '--pack-destination', folder]);
    const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz'));
    if (tarball === undefined) throw new Error('npm pack made no tarball');
    await npm(['install', '--prefer-offline', '--no-audit', '--no-fund', join(folder, tarball)], elsewhere);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('carries JavaScript and no sources', () => {
    const root = join(elsewhere, 'node_modules/holdfast');
    const files = readdirSync(root, { recursive: true, encoding: 'utf8' });
    expect(files).to.include.members(['dist/main/cli.js', 'README.md', 'LICENSE', 'docs/PROTOCOL.md']);
    // The client has types, for those who import it.
    const isOfClient = (name: string): boolean => /^dist\/client\/.*\.d\.ts$/.test(name);
    expect(files.filter((name) => name.endsWith('.ts') && !isOfClient(name))).to.deep.equal([]);
    expect(files.filter((name) => /^(src|test|scripts|bench)\b/.test(name))).to.deep.equal([]);
  });

  it('runs by its name on the Node.js that it brings', async () => {
    const { stdout } = await npm(['exec', '--no', '--', 'holdfast', '--version'], elsewhere);
    expect(stdout).to.match(/^\d+\.\d+\.\d+\n$/);
  });

  it('tells its commands', async () => {
    const { code, stdout } = await installed('--help');
    expect(code).to.equal(0);
    expect(stdout).to.contain('serve').and.to.contain('verify').and.to.contain('doctor');
  });

  it('classifies an event by the rules and the schema that it carries', async () => {
    const event = JSON.stringify({ tool: { toolName: 'bash', input: 'rm -rf /' } });
    const { code, stdout, stderr } = await holdfast(['classify', '--json'], {}, program, event);
    expect(code, stderr).to.equal(1);
    expect(JSON.parse(stdout)).to.include({ code: 'M4.a', rule: 'shell.delete-system' });
  });

  it('has a client that is imported by name, with types that hold also where there are none of Node.js', async () => {
    const program = `
      import { MuxClient, MuxError, type MuxSession } from 'holdfast/mux-client';
      const client = new MuxClient({ url: 'https://127.0.0.1:1', credential: ({ reason }) => reason, openWithinMs: 1 });
      const refused: MuxSession | MuxError = await client.open('echo').catch((error: MuxError) => error);
      // @ts-expect-error: a number is nothing that can be sent.
      (await client.open('echo')).send(5);
    `;
    writeFileSync(join(elsewhere, 'typed.mts'), program);
    const compiler = join(process.cwd(), 'node_modules/typescript/bin/tsc');
    const flags = '--noEmit --strict --target es2022 --module nodenext --lib es2024,dom'.split(' ');
    const typed = await runToEnd(process.execPath, [compiler, ...flags, 'typed.mts'], { cwd: elsewhere });
    expect(typed.code, typed.stdout).to.equal(0);
    const script = `
      const { MuxClient, MuxError } = await import('holdfast/mux-client');
      const client = new MuxClient({ url: 'http://127.0.0.1:1', credential: 'none', openWithinMs: 1 });
      const error = await client.open('echo').catch((error) => error);
      console.log(error instanceof MuxError, error.code);
      await client.close();
    `;
    const ran = await runToEnd(process.execPath, ['--input-type=module', '-e', script], { cwd: elsewhere });
    expect(ran.stdout, ran.stderr).to.equal('true unreachable\n');
  });

  it('serves, answers from its handbook, keeps every promise, and leaves a sound store', async () => {
    const server = await RunningServer.start(['--demo', '--model-pace', '0'], undefined, {}, [], program);
    try {
      const { auth, accounting, chat } = server.urls;
      const verified = await installed('verify', '--auth', auth, '--accounting', accounting, '--chat', chat);
      expect(verified.code, verified.stdout + verified.stderr).to.equal(0);
      const page = await (await fetch(chat, { headers: { Accept: 'text/html' } })).text();
      const [entry = ''] = /\/app\/[0-9a-f]+\/main\.js/.exec(page) ?? [];
      expect(await (await fetch(chat + entry)).text()).to.contain('new App(');
      const answer = await installed('chat', '--url', chat, 'What happens when I lose the connection?');
      expect(answer.code, answer.stderr).to.equal(0);
      expect(answer.stdout.toLowerCase()).to.contain('connection');
      expect(await server.end(), server.output).to.equal(0);
      const sound = await installed('doctor', '--data', server.data);
      expect(sound.code, sound.stdout + sound.stderr).to.equal(0);
    } finally {
      await server.dispose();
    }
  });
});
