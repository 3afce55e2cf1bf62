import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect } from 'chai';
import { SqliteStore } from '../../../src/adapters/outbound/sqlite/sqlite-store.ts';
import { openStreamingStore } from '../../../src/adapters/outbound/sqlite/streaming/open-streaming-store.ts';
import { chunkText } from '../../../src/domain/streaming/stream-event.ts';
import { aSeal, chatId, numberedStream } from '../../support/stream-builders.ts';

const PROGRAM = join(import.meta.dirname, '../../support/programs/write-until-killed.ts');

describe('a process that is killed while it writes', function () {
  this.timeout(30_000);
  let dataDir: string;
  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'holdfast-crash-'));
  });
  afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

  /** Kills the program once an offset is acknowledged. Returns the last one that it told of before it died. */
  async function killAfter(offset: number): Promise<number> {
    const child = spawn(process.execPath, [PROGRAM, dataDir], { stdio: ['ignore', 'pipe', 'inherit'] });
    const exit = once(child, 'exit');
    let last = 0;
    for await (const line of createInterface({ input: child.stdout })) {
      last = Number(line);
      if (last >= offset) child.kill('SIGKILL');
    }
    await exit;
    return last;
  }

  for (const offset of [2, 37, 900]) {
    it(`loses none of the ${offset} or more events it acknowledged, and its stream can be ended`, async () => {
      const acknowledged = await killAfter(offset);
      const store = await SqliteStore.open(dataDir);
      const { streams, events } = await openStreamingStore(store);
      const stored = await events.read(numberedStream(1), 0, 1_000_000);
      expect(stored.length).to.be.at.least(acknowledged);
      expect(stored.map((event) => event.offset)).to.deep.equal(stored.map((_, index) => index + 1));
      expect(stored.slice(1).map(chunkText)).to.deep.equal(
        stored.slice(1).map((event) => `piece ${event.offset}`),
      );
      const [running] = await streams.active();
      if (running === undefined) throw new Error('the stream was acknowledged as running');
      expect(await streams.seal(aSeal(running, stored.length + 1))).to.equal('sealed');
      expect((await streams.latestOf(chatId(1)))?.state).to.equal('finished');
      expect(await events.read(running.id, stored.length, 10)).to.have.length(1);
      await store.close();
    });
  }
});
