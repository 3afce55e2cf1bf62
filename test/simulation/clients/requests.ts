import { PortError } from '../../../src/application/ports/port-error.ts';
import { DomainError } from '../../../src/domain/domain-error.ts';
import type { UserId } from '../../../src/domain/identity/ids.ts';
import type { ChatId } from '../../../src/domain/streaming/stream-id.ts';
import type { WatchedStream } from '../invariants/stream-invariants.ts';
import type { SimulatedNode } from '../world/simulated-node.ts';
import type { World } from '../world/world.ts';

/** Which id a client names. */
export const ID_KINDS = ['right', 'missing', 'malformed', 'spaced', 'unknown', 'older', 'foreign'] as const;
/** Which id a client names. */
export type IdKind = (typeof ID_KINDS)[number];
/** Which text a client says it has: what it read, half of it, nothing, or something else. */
export const TEXT_KINDS = ['read', 'half', 'empty', 'other'] as const;
/** Which text a client says it has. */
export type TextKind = (typeof TEXT_KINDS)[number];

/** What every request is made with. */
export interface Request {
  readonly node: SimulatedNode;
  readonly owner: UserId;
  readonly chatId: ChatId;
}

/** Starts a stream and reads it in a tab of its own. The answer may never come; then the tab does not either. */
export async function start(
  world: World,
  { node, owner, chatId, message, key }: Request & { message: string; key?: string },
): Promise<void> {
  const command = { owner, chatId, message, ...(key === undefined ? {} : { key: { key, route: 'stream' } }) };
  const opened = await answered(world, `start of "${message}"`, node.openStream.execute(command));
  if (opened === undefined) return;
  const watched = world.streamInvariants.streams.get(opened.id);
  world.journal.write(`${node.process.name} answers "${message}" with …${opened.id.slice(-6)}`);
  world.journal.expect(
    watched !== undefined && watched.events.length > 0,
    () => `${opened.id} was told of before it was stored`,
  );
  world.addTab(owner, chatId).connect(node, opened.events);
  opened.begin();
}

/** Sends the receipt of what a tab has read, or of something else. */
export async function update(
  world: World,
  { node, owner, chatId, idKind, textKind }: Request & { idKind: IdKind; textKind: TextKind },
): Promise<void> {
  const named = nameStream(world, owner, chatId, idKind);
  const has = world.tabsOf(chatId).find((tab) => tab.read?.id === named.id)?.read?.text ?? '';
  const text = { read: has, half: has.slice(0, has.length >> 1), empty: '', other: `${has}?` }[textKind];
  const command = {
    owner,
    chatId,
    claimedId: named.id,
    requestId: 'r',
    completeResponse: text,
    tokensUsed: 1,
  };
  const what = `update of ${chatId} with ${idKind} id and text ${textKind}`;
  const answer = await judged(world, what, named, node.acceptUpdate.execute(command));
  if (answer === undefined || named.stream === undefined) return;
  const { session, events } = named.stream;
  const transcript = world.transcriptOf(events);
  const { journal } = world;
  journal.expect(session.receipt !== undefined, () => `${what} is answered and no receipt is stored`);
  journal.expect(transcript.startsWith(text), () => `${what} is accepted and is no prefix`);
  const whole = text === transcript;
  const fits = { exact: whole, partial: !whole, stopped: true }[answer.receipt];
  journal.expect(fits, () => `${what} is called ${answer.receipt}`);
  const { inputTokens = 0, outputTokens = 0 } = session.end ?? {};
  journal.expect(
    answer.tokensUsed === inputTokens + outputTokens,
    () => `${what} counts ${answer.tokensUsed}`,
  );
}

/** Stops a stream. */
export async function stop(
  world: World,
  { node, owner, chatId, idKind }: Request & { idKind: IdKind },
): Promise<void> {
  const named = nameStream(world, owner, chatId, idKind);
  const command = { owner, chatId, claimedId: named.id, requestId: 'r' };
  const what = `stop of ${chatId} with ${idKind} id`;
  const answer = await judged(world, what, named, node.stopStream.execute(command));
  if (answer === undefined || named.stream === undefined) return;
  const { session } = named.stream;
  world.journal.expect(session.end !== undefined, () => `${what} is answered and the stream has no end`);
  world.streamInvariants.stopAnswered(session.id);
}

interface Named {
  readonly id: string | undefined;
  /** The stream that is rightly named; undefined when the id must be refused. */
  readonly stream?: WatchedStream;
}

function nameStream(world: World, owner: UserId, chatId: ChatId, kind: IdKind): Named {
  const told = [...world.streamInvariants.streams.values()].filter(({ events }) => events.length > 0);
  const own = told.filter(({ session }) => session.chatId === chatId);
  const newest = own.at(-1);
  const unknown = `stream-${world.time.nowMs}-${world.nextUuid()}`;
  switch (kind) {
    case 'right':
      return newest === undefined ? { id: unknown } : { id: newest.session.id, stream: newest };
    case 'missing':
      return { id: undefined };
    case 'malformed':
      return { id: (newest?.session.id ?? unknown).toUpperCase() };
    case 'spaced':
      return { id: `${newest?.session.id ?? unknown} ` };
    case 'unknown':
      return { id: unknown };
    case 'older':
      return { id: own.at(-2)?.session.id ?? unknown };
    case 'foreign':
      return { id: told.find(({ session }) => session.owner !== owner)?.session.id ?? unknown };
  }
}

/** Waits for an answer, and sees that the id decided as it must. */
async function judged<Answer>(
  world: World,
  what: string,
  { id, stream }: Named,
  asked: Promise<Answer>,
): Promise<Answer | undefined> {
  const { journal, streamInvariants } = world;
  try {
    const answer = await asked;
    journal.write(`${what} is answered`);
    journal.expect(stream !== undefined, () => `${what} is accepted for ${id}`);
    return answer;
  } catch (error) {
    refused(world, what, error);
    if (!(error instanceof DomainError) || stream === undefined) return undefined;
    const { session } = stream;
    const isNewest = streamInvariants.newestOf(session.chatId) === stream;
    const isRight = isNewest && session.state !== 'expired' && !streamInvariants.isRemoved(session.chatId);
    journal.expect(
      error.code !== 'stream.id_mismatch' || !isRight,
      () => `${what} is refused for the right id`,
    );
    return undefined;
  }
}

/** Waits for an answer; undefined for a refusal. */
export async function answered<Answer>(
  world: World,
  what: string,
  asked: Promise<Answer>,
): Promise<Answer | undefined> {
  try {
    return await asked;
  } catch (error) {
    refused(world, what, error);
    return undefined;
  }
}

function refused(world: World, what: string, error: unknown): void {
  world.journal.examine(error, what);
  const expected = error instanceof DomainError || error instanceof PortError;
  if (!expected) world.journal.fail(`${what} fails with ${String(error)}`);
  else world.journal.write(`${what} is refused: ${error.message}`);
}
