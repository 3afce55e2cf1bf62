import type { ApiAnswer } from '../client/api-client.ts';
import type { Actor } from './actor.ts';
import type { Outsider } from './outsider-promises.ts';
import type { PromiseName } from './promise-name.ts';
import type { See, Verification } from './verification.ts';
import type { WatchedStream } from './watched-stream.ts';
import { QUESTION, type Stage, type World } from './world.ts';

/** A wrong id and how it is called in a report. */
interface WrongId {
  readonly what: string;
  /** Undefined: the member is missing. */
  readonly id: unknown;
}

/** Chunks of a stream that are read before it is tampered with: it runs, and has something to lose. */
const CHUNKS_BEFORE = 3;

/** The refusals of one verification, to be compared with one another. */
class Refusals {
  readonly answers: ApiAnswer[] = [];
  readonly #verification: Verification;

  constructor(verification: Verification) {
    this.#verification = verification;
  }

  /** Sends an update with each wrong id; each must be 400 `stream.id_mismatch`. */
  async expect(
    name: PromiseName,
    attack: { actor: Actor; chatId: string; text: string; ids: readonly WrongId[] },
  ): Promise<void> {
    await this.#verification.promise(name, '400 stream.id_mismatch', async (see) => {
      for (const { what, id } of attack.ids) {
        const answer = await attack.actor.update(attack.chatId, {
          completeResponse: attack.text,
          tokensUsed: 1,
          ...(id === undefined ? {} : { streamingSessionId: id }),
        });
        this.#take(answer, what, see);
      }
    });
  }

  /** Asks to stop under each wrong id; the refusal must be the update's. */
  async expectAtStop(
    actor: Actor,
    chatId: string,
    ids: ReadonlyArray<{ readonly what: string; readonly id: string }>,
  ): Promise<void> {
    await this.#verification.promise('stop.id_refused', '400 stream.id_mismatch', async (see) => {
      for (const { what, id } of ids) this.#take(await actor.stop(chatId, id), what, see);
    });
  }

  #take(answer: ApiAnswer, what: string, see: See): void {
    const code = answer.body.text('code') ?? '';
    see(answer.status === 400 && code === 'stream.id_mismatch', `${answer.status} ${code} for ${what}`);
    this.answers.push(answer);
  }
}

/**
 * The second test of the flow: nobody finishes a stream with a wrong id, and no refusal tells which would be right.
 *
 * @returns the user's stream, still running or ended by itself, that was attacked.
 */
export async function lookAtWrongIds(
  world: World,
  stage: Stage,
  outsider: Outsider & { readonly streamId: string },
  olderId: string,
): Promise<WatchedStream> {
  const { verification } = world;
  const { user, chatId } = stage;
  const refusals = new Refusals(verification);
  const unknown = `stream-${world.io.clock.nowMs()}-${world.io.ids.uuid()}`;
  const emptyChat = (await user.createChat('verify, empty')) ?? '';
  verification.atEnd('the empty chat', () => user.deleteChat(emptyChat));
  const nothingStored = [{ what: 'a well-formed id where nothing is stored', id: unknown }];
  await refusals.expect('id.unstored_refused', {
    actor: user,
    chatId: emptyChat,
    text: '',
    ids: nothingStored,
  });

  const stream = await user.startStream(chatId, QUESTION);
  await stream.readChunks(CHUNKS_BEFORE);
  const { text, id } = stream;
  const own = { actor: user, chatId, text };
  await refusals.expect('id.missing_refused', {
    ...own,
    ids: [
      { what: 'no id', id: undefined },
      { what: 'null', id: null },
      { what: 'an empty id', id: '' },
    ],
  });
  await refusals.expect('id.malformed_refused', { ...own, ids: MALFORMED });
  await refusals.expect('id.unknown_refused', { ...own, ids: [{ what: 'an id never issued', id: unknown }] });
  await refusals.expect('id.older_refused', {
    ...own,
    ids: [{ what: "the chat's older stream", id: olderId }],
  });
  await refusals.expect('id.foreign_refused', {
    ...own,
    ids: [{ what: "another user's stream", id: outsider.streamId }],
  });
  const swapped = [{ what: "the user's stream, sent by another user", id }];
  await refusals.expect('id.foreign_refused', { ...outsider, text, ids: swapped });
  const elsewhere = [{ what: "the stream of the user's other chat", id }];
  await refusals.expect('id.foreign_refused', { ...own, chatId: emptyChat, ids: elsewhere });
  await refusals.expect('id.lookalike_refused', { ...own, ids: lookalikesOf(id) });
  await refusals.expectAtStop(user, chatId, [
    { what: 'an id never issued', id: unknown },
    { what: "the chat's older stream", id: olderId },
    { what: "another user's stream", id: outsider.streamId },
  ]);
  await compare(verification, refusals.answers, [id, olderId, outsider.streamId]);
  await lookAtTheOwner(verification, stage, stream);
  return stream;
}

const MALFORMED: readonly WrongId[] = [
  { what: 'an ill-formed id', id: 'incorrect-id-67890' },
  { what: 'a number', id: 67890 },
  { what: 'a list', id: ['stream-1-00000000-0000-4000-8000-000000000000'] },
  { what: 'another version of UUID', id: 'stream-1-00000000-0000-1000-8000-000000000000' },
];

const lookalikesOf = (id: string): WrongId[] => [
  { what: 'capital letters', id: id.toUpperCase() },
  { what: 'a capital S', id: id.replace('s', 'S') },
  { what: 'a space before', id: ` ${id}` },
  { what: 'a space behind', id: `${id} ` },
  { what: 'a line feed behind', id: `${id}\n` },
  {
    what: 'full-width digits',
    id: id.replace(/[0-9]/, (digit) => String.fromCharCode(digit.charCodeAt(0) + 0xfee0)),
  },
];

/** Refusals that differ would tell an attacker how near he came. */
async function compare(
  verification: Verification,
  answers: readonly ApiAnswer[],
  secrets: readonly string[],
): Promise<void> {
  await verification.promise('id.nothing_leaked', 'no id in any refusal', (see) => {
    const told = answers.map((answer) => `${answer.text} ${JSON.stringify([...answer.headers])}`).join(' ');
    const leaked = secrets.filter((secret) => told.includes(secret));
    see(leaked.length === 0, leaked.length === 0 ? 'no id' : `${leaked.length} ids`);
  });
  await verification.promise('id.refusals_alike', 'one body for all refusals, but for requestId', (see) => {
    const bodies = new Set(answers.map(withoutRequestId));
    const told = bodies.size === 1 ? 'one body' : `${bodies.size} bodies: ${[...bodies].join(' | ')}`;
    see(bodies.size === 1, `${answers.length} refusals, ${told}`);
  });
}

/** After all attacks the owner stops the stream where it is, and his receipt is accepted. */
async function lookAtTheOwner(
  verification: Verification,
  stage: Stage,
  stream: WatchedStream,
): Promise<void> {
  const { user, chatId, heldBefore } = stage;
  const stopped = await user.stop(chatId, stream.id);
  await stream.readAll();
  const { end } = stream;
  await verification.promise(
    'id.owner_unharmed',
    '200, receipt "exact", for the owner afterwards',
    async (see) => {
      see(end?.type === 'done', `a stream that ended with ${end?.type}`);
      const answer = await user.update(chatId, {
        completeResponse: stream.text,
        streamingSessionId: stream.id,
        tokensUsed: end?.data.number('tokensUsed') ?? 0,
      });
      const receipt = answer.body.text('receipt');
      see(answer.status === 200 && receipt === 'exact', `${answer.status}, receipt "${receipt}"`);
    },
  );
  await verification.promise(
    'stop.answered',
    '200 with the state and the charge that "done" tells',
    (see) => {
      const { status, body } = stopped;
      const isSame =
        body.text('streamingSessionId') === stream.id &&
        body.number('tokensUsed') === end?.data.number('tokensUsed') &&
        body.number('creditsCharged') === end?.data.number('creditsCharged');
      see(
        status === 200 && isSame,
        `${status} ${body.text('state')}, ${body.number('creditsCharged')} credits`,
      );
    },
  );
  await user.settledAccount(heldBefore);
}

function withoutRequestId({ status, text, body }: ApiAnswer): string {
  const requestId = body.text('requestId');
  return `${status} ${requestId === undefined ? text : text.replaceAll(requestId, '')}`;
}
