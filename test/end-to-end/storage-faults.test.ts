import { appendFileSync, rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { ApiClient, type EventReader } from '../support/api-client.ts';
import { childEnvironment } from '../support/child-environment.ts';
import { eventually } from '../support/eventually.ts';
import { dripping, FakeUpstream } from '../support/fake-upstream.ts';
import { holdfast, runToEnd } from '../support/holdfast-command.ts';
import { RunningServer, temporaryFolder } from '../support/running-server.ts';
import {
  asSeenBy,
  breakStorage,
  holdfastBeside,
  mayMount,
  mendStorage,
  onDisk,
  onFullDisk,
} from '../support/storage-faults.ts';
import {
  createUpstreamChat,
  creditOf,
  serveUpstream,
  startUpstreamStream,
  type UpstreamServer,
} from '../support/upstream-server.ts';

/** How long an event may wait for the store in these tests. */
const STALL = ['--streams-stall', '1s'];
/** The same, in milliseconds. */
const STALL_MS = 1_000;
/** Time between two words of the upstream, in milliseconds. */
const WORD_EVERY_MS = 20;
/** What an ordered end may take without a grace and without a store, in milliseconds. */
const SHUTDOWN_MS = 15_000;
/** Size of the small disk, in MiB. */
const DISK_MIB = 24;
/** One write that fills the disk, in bytes. */
const FILL_BYTES = 65_536;

/** What only reads goes on, and what would write is refused with the time to come back. */
async function expectNoWrites(user: ApiClient, chat: string, ended: EventReader): Promise<void> {
  const refused = [
    await user.post('chat', '/api/chat/sessions', {}),
    await user.post('chat', `/api/chat/sessions/${chat}/stream`, { message: 'Hi' }),
    await user.post('chat', `/api/chat/sessions/${chat}/messages`, { message: 'Hi' }),
    await user.update(chat, ended.streamId, ended.text),
    await user.post('accounting', '/api/credits/deduct', { credits: 1 }),
    await user.post('auth', '/api/auth/login', { username: 'user1', password: 'User1@123' }),
    await user.get('chat', '/health/ready'),
  ];
  for (const { status, headers, body } of refused) {
    expect(status, JSON.stringify(body)).to.equal(503);
    expect(Number(headers.get('retry-after'))).to.be.within(1, 60);
  }
  const read = await user.get('chat', `/api/chat/sessions/${chat}`);
  expect(read.status).to.equal(200);
  const replay = await user.resume(chat);
  expect((await replay.toEnd())?.type).to.equal('done');
  expect(replay.text).to.equal(ended.text);
}

/** The stream that the store's fault cut off has an honest end, and is billed to its last stored event. */
async function expectInterrupted(
  user: ApiClient,
  chat: string,
  cut: EventReader,
  creditBefore: number,
): Promise<EventReader> {
  const resumed = await eventually(async () => {
    const reader = await user.resume(chat);
    const end = await reader.toEnd();
    expect(end?.data.code).to.equal('stream.interrupted');
    return reader;
  });
  expect(resumed.streamId).to.equal(cut.streamId);
  expect(resumed.text.startsWith(cut.text), 'what a reader has seen is kept').to.equal(true);
  const charged = resumed.events.at(-1)?.data.creditsCharged;
  expect(charged).to.be.greaterThan(0);
  await eventually(async () => {
    const { availableCredits, heldCredits } = await creditOf(user);
    expect(heldCredits).to.equal(0);
    expect(creditBefore - availableCredits).to.be.closeTo(charged, 1e-9);
  });
  return resumed;
}

/** What the owner has read can be acknowledged. */
async function expectReceipt(user: ApiClient, chat: string, { streamId, text }: EventReader): Promise<void> {
  const { status, body } = await user.update(chat, streamId, text);
  expect([status, body.receipt]).to.deep.equal([200, 'exact']);
}

describe('a store that cannot be written', () => {
  let upstream: FakeUpstream;
  let started: UpstreamServer;

  beforeEach(async () => {
    upstream = await FakeUpstream.start(dripping('word ', WORD_EVERY_MS));
    started = await serveUpstream(upstream, [...STALL, '--model-pace', '0', '--drain-grace', '0']);
  });
  afterEach(async () => {
    await started.server.dispose();
    await upstream.stop();
  });

  it('refuses what would write, gives running streams up after the limit, and ends them once it is back', async () => {
    const { server, user } = started;
    const quiet = await user.createChat();
    const ended = await user.start(quiet);
    expect((await ended.toEnd())?.type).to.equal('done');
    const creditBefore = (await creditOf(user)).availableCredits;
    const { chat, reader } = await startUpstreamStream(user);
    await reader.until(({ text }) => text.length > 50);
    const request = upstream.requests.at(-1);

    breakStorage(server.pid);
    const brokenAt = performance.now();
    await expectNoWrites(user, quiet, ended);
    expect(await reader.toEnd(), 'the readers go without an end').to.equal(undefined);
    await request?.closed;
    expect(performance.now() - brokenAt).to.be.within(STALL_MS / 2, 5 * STALL_MS);
    expect((await user.get('chat', '/health/live')).status).to.equal(200);

    mendStorage(server.pid);
    await eventually(async () => expect((await user.get('chat', '/health/ready')).status).to.equal(200));
    await expectReceipt(user, chat, await expectInterrupted(user, chat, reader, creditBefore));
    await expectReceipt(user, quiet, ended);
    const doctor = await holdfast(['doctor', '--data', server.data]);
    expect(doctor.code, doctor.stdout + doctor.stderr).to.equal(0);
  });

  it('lets a stream go on when it is back before the limit', async () => {
    const { server, user } = started;
    const { chat, reader } = await startUpstreamStream(user);
    await reader.until(({ text }) => text.length > 50);
    breakStorage(server.pid);
    await eventually(async () =>
      expect((await user.post('chat', '/api/chat/sessions', {})).status).to.equal(503),
    );
    mendStorage(server.pid);
    const before = reader.text.length;
    expect(await reader.until(({ text }) => text.length > before + 100)).to.equal(true);
    await user.stop(chat, reader.streamId);
    expect((await reader.toEnd())?.data.finishReason).to.equal('stopped');
    expect(reader.text).to.equal('word '.repeat(reader.text.length / 5));
  });

  it('does not keep a server from ending in order, and the next start ends what could not be ended', async () => {
    const { server, user } = started;
    const creditBefore = (await creditOf(user)).availableCredits;
    const { chat, reader } = await startUpstreamStream(user);
    await reader.until(({ text }) => text.length > 50);
    breakStorage(server.pid);
    const since = performance.now();
    expect(await server.end('SIGTERM')).to.equal(0);
    expect(performance.now() - since).to.be.below(SHUTDOWN_MS);
    expect(await reader.toEnd()).to.equal(undefined);
    const again = await RunningServer.start(['--demo'], server.data);
    try {
      const after = await ApiClient.login(again.urls, 'user1', 'User1@123');
      await expectReceipt(after, chat, await expectInterrupted(after, chat, reader, creditBefore));
    } finally {
      await again.dispose();
    }
  });

  it('keeps everything that was acknowledged when the server is killed meanwhile', async () => {
    const { server, user } = started;
    const creditBefore = (await creditOf(user)).availableCredits;
    const { chat, reader } = await startUpstreamStream(user);
    await reader.until(({ text }) => text.length > 50);
    breakStorage(server.pid);
    expect(await reader.toEnd()).to.equal(undefined);
    await server.end('SIGKILL');
    const again = await RunningServer.start(['--demo'], server.data);
    try {
      const after = await ApiClient.login(again.urls, 'user1', 'User1@123');
      await expectReceipt(after, chat, await expectInterrupted(after, chat, reader, creditBefore));
      const doctor = await holdfast(['doctor', '--data', server.data]);
      expect(doctor.code, doctor.stdout + doctor.stderr).to.equal(0);
    } finally {
      await again.dispose();
    }
  });
});

if (mayMount()) {
  describe('a disk that is full', () => {
    let disk: string;
    let upstream: FakeUpstream;
    let started: UpstreamServer;

    beforeEach(async () => {
      disk = temporaryFolder();
      upstream = await FakeUpstream.start(dripping('word ', WORD_EVERY_MS));
    });
    afterEach(async () => {
      await started.server.dispose();
      await upstream.stop();
      rmSync(disk, { recursive: true, force: true });
    });

    it('still ends the streams that ran, from the space set aside, and takes writes again once there is room', async () => {
      const flags = [...STALL, '--model-pace', '0'];
      started = await serveUpstream(upstream, flags, join(disk, 'data'), onDisk(disk, DISK_MIB));
      const { server, user } = started;
      const filler = asSeenBy(server.pid, join(disk, 'filler'));
      const quiet = await user.createChat();
      const ended = await user.start(quiet);
      await ended.toEnd();
      const creditBefore = (await creditOf(user)).availableCredits;
      const { chat, reader } = await startUpstreamStream(user);
      await reader.until(({ text }) => text.length > 50);

      fill(filler);
      const streamEnd = await reader.toEnd();
      expect(streamEnd, 'the readers go without an end').to.equal(undefined);
      await upstream.requests.at(-1)?.closed;
      const interrupted = await expectInterrupted(user, chat, reader, creditBefore);
      const refused = await user.post('chat', '/api/chat/sessions', {});
      expect(refused.status, 'only ends are written').to.equal(503);

      rmSync(filler);
      await eventually(async () => expect(await createUpstreamChat(user)).to.be.a('string'));
      await expectReceipt(user, quiet, ended);
      await expectReceipt(user, chat, interrupted);
      const doctor = await holdfastBeside(server.pid, ['doctor', '--data', server.data]);
      expect(doctor.code, doctor.stdout + doctor.stderr).to.equal(0);
    });

    it('is served from as far as that goes, and what would have to write says so in a sentence', async () => {
      started = await serveUpstream(upstream);
      const { server, user } = started;
      const { chat, reader } = await startUpstreamStream(user);
      await reader.until(({ text }) => text.length > 50);
      await server.end('SIGKILL');
      const within = onFullDisk(disk, DISK_MIB, server.data);
      const again = await RunningServer.start([], join(disk, 'data'), {}, within);
      try {
        const same = new ApiClient(again.urls, user.token);
        const resumed = await same.resume(chat);
        expect((await resumed.toEnd())?.data.code, 'what ran is ended').to.equal('stream.interrupted');
        expect(resumed.text.startsWith(reader.text)).to.equal(true);
        const ready = await same.get('chat', '/health/ready');
        expect([ready.status, ready.body.dependency]).to.deep.equal([503, 'store']);
      } finally {
        await again.end('SIGKILL');
      }
      const account = ['ann', 'ann@example.org', '--data', join(disk, 'data')];
      const env = childEnvironment({ HOLDFAST_PASSWORD: 'a long enough password' });
      const [command = '', ...words] = [...within, process.execPath, 'bin/holdfast.js'];
      const refused = await runToEnd(command, [...words, 'user', 'create', ...account], { env });
      expect([refused.code, refused.stdout]).to.deep.equal([3, '']);
      expect(refused.stderr).to.equal('holdfast: The store is out of reach: the disk is full.\n');
      const unmade = await runToEnd(command, [...words, 'serve', '--data', join(disk, 'new')]);
      expect([unmade.code, unmade.stdout]).to.deep.equal([3, '']);
      expect(unmade.stderr).to.match(/^holdfast: The store in .*new cannot be opened: .*full\n$/);
    });
  });
}

/** Writes until nothing more fits. */
function fill(path: string): void {
  const block = Buffer.alloc(FILL_BYTES, 'full');
  const { bsize } = statfsSync(join(path, '..'));
  for (const bytes of [block, block.subarray(0, bsize)]) {
    try {
      for (;;) appendFileSync(path, bytes);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    }
  }
}
