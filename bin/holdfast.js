#!/usr/bin/env node
// Plain JavaScript that any Node can read: an old one gets a sentence in place of a syntax error.
const LEAST_MAJOR = 24;

if (Number(process.versions.node.split('.')[0]) < LEAST_MAJOR) {
  process.stderr.write(
    `Holdfast needs Node.js ${LEAST_MAJOR} or newer and this is ${process.versions.node}. ` +
      'npx holdfast runs on the one that npm has installed with it, unless npm was told to --ignore-scripts.\n',
  );
  process.exit(2);
}

// Passwords are hashed on libuv's threads, one for each core; four more keep files, names and signatures going. libuv
// reads this when it starts its first thread, so it is said before anything else.
const { availableParallelism } = await import('node:os');
process.env.UV_THREADPOOL_SIZE ??= String(availableParallelism() + 4);

// The threads of the embedded store are told of the cache by the environment: of themselves they would compile anew.
const { enableCompileCache } = await import('node:module');
const { directory } = enableCompileCache();
if (directory !== undefined) process.env.NODE_COMPILE_CACHE ??= directory;

// A packed installation carries compiled files, because Node does not strip types under node_modules.
const { existsSync } = await import('node:fs');
const sources = new URL('../src/main/cli.ts', import.meta.url);
const entry = existsSync(sources) ? sources : new URL('../dist/main/cli.js', import.meta.url);
const { runCli } = await import(entry.href);
process.exitCode = await runCli(process.argv.slice(2));
