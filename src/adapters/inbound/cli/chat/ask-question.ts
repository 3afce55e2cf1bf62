import type { ApiClient } from '../client/api-client.ts';
import type { CommandIo } from '../client/command-io.ts';
import { EXIT } from '../client/exit-code.ts';
import { Ending, exitCodeOf, Interrupted } from '../client/failures.ts';
import type { Terminal } from '../client/terminal.ts';
import { Answer, type AnswerEnd, type Question } from './answer.ts';
import { sendReceipt } from './send-receipt.ts';

/** An answer that has ended, and its receipt. */
export interface AnsweredQuestion {
  readonly chatSessionId: string;
  readonly streamingSessionId: string | null;
  readonly modelId: string | null;
  readonly text: string;
  readonly state: 'done' | 'error';
  readonly finishReason: string;
  readonly tokensUsed: number;
  readonly creditsCharged: number;
  /** `exact`, `partial`, `stopped`; null when there was no id to send one with. */
  readonly receipt: string | null;
  readonly interrupted: boolean;
}

/** What asking needs of the command around it. */
export interface AskWorld {
  readonly client: ApiClient;
  readonly io: CommandIo;
  readonly terminal: Terminal;
  readonly json: boolean;
}

/**
 * Asks one question, shows the answer as it comes, and sends the receipt. The first Ctrl-C stops the answer, and
 * what was produced is kept; the second gives up at once.
 *
 * @throws Refused when the start is refused; Ending, Interrupted, with a sentence that says what is kept.
 */
export async function askQuestion(world: AskWorld, question: Question): Promise<AnsweredQuestion> {
  const { io, terminal } = world;
  const giveUp = new AbortController();
  let interrupts = 0;
  const show = async (piece: string): Promise<void> => {
    if (world.json) return;
    const isRead = await terminal.show(piece);
    if (!isRead) answer.stop();
  };
  const answerWorld = {
    client: world.client,
    timers: io.timers,
    ids: io.ids,
    say: (line: string) => terminal.say(line),
    onText: (piece: string) => show(piece),
    signal: giveUp.signal,
  };
  const answer = new Answer(answerWorld, question);
  const forget = io.onInterrupt(() => {
    interrupts += 1;
    if (interrupts > 1) giveUp.abort(new Interrupted(kept(question, answer, 'Interrupted')));
    else {
      terminal.say('[Stopping; Ctrl-C again leaves at once]');
      answer.stop();
    }
  });
  try {
    const end = await followToEnd(answer, question);
    await show(answer.text === '' || answer.text.endsWith('\n') ? '' : '\n');
    requireWhole(io, question, answer, end);
    const receipt = await receiptFor(answerWorld, question, answer, end);
    if (question.modelId !== undefined && answer.modelId !== question.modelId)
      terminal.say(`[${question.modelId} is not offered here: ${answer.modelId} has answered]`);
    const result = summary(question, answer, end, receipt, interrupts > 0);
    if (world.json) await terminal.showJson(result);
    terminal.say(footer(result, end));
    return result;
  } finally {
    forget();
  }
}

/** A failure in the middle says what the server keeps; one before the first event has nothing to keep. */
async function followToEnd(answer: Answer, question: Question): Promise<AnswerEnd> {
  try {
    return await answer.follow();
  } catch (error) {
    const code = exitCodeOf(error);
    const hasBegun = answer.streamId !== undefined || answer.text !== '';
    if (code === undefined || error instanceof Interrupted || !hasBegun) throw error;
    throw new Ending(code, kept(question, answer, (error as Error).message));
  }
}

function kept(question: Question, answer: Answer, why: string): string {
  const shown = `${answer.text.length} characters of the answer arrived`;
  return (
    `${why}. ${shown}; the server keeps the whole of what it produces, bills it once, and ` +
    `holdfast chat --resume ${question.chatId} goes on with this chat.`
  );
}

/** The server's digest tells whether a proxy changed the text on its way. */
function requireWhole(io: CommandIo, question: Question, answer: Answer, end: AnswerEnd): void {
  if (end.textSha256 === undefined || end.textSha256 === io.digest.sha256Hex(answer.text)) return;
  const why = 'What arrived is not what the server sent: the digests differ, so no receipt is sent';
  throw new Ending(EXIT.no, kept(question, answer, why));
}

async function receiptFor(
  world: Parameters<typeof sendReceipt>[0],
  question: Question,
  answer: Answer,
  end: AnswerEnd,
): Promise<string | null> {
  if (answer.streamId === undefined) {
    world.say('[The server named no streaming session, so no receipt is sent]');
    return null;
  }
  const { tokensUsed } = end;
  return sendReceipt(world, {
    chatId: question.chatId,
    streamId: answer.streamId,
    text: answer.text,
    tokensUsed,
  });
}

function summary(
  question: Question,
  answer: Answer,
  end: AnswerEnd,
  receipt: string | null,
  interrupted: boolean,
): AnsweredQuestion {
  return {
    chatSessionId: question.chatId,
    streamingSessionId: answer.streamId ?? null,
    modelId: answer.modelId ?? null,
    text: answer.text,
    state: end.kind,
    finishReason: end.reason,
    tokensUsed: end.tokensUsed,
    creditsCharged: end.creditsCharged,
    receipt,
    interrupted,
  };
}

function footer(result: AnsweredQuestion, end: AnswerEnd): string {
  const parts = [
    result.streamingSessionId ?? 'no streaming session id',
    `${result.tokensUsed} tokens`,
    `${result.creditsCharged} credits`,
    result.finishReason,
    `receipt ${result.receipt ?? 'not sent'}`,
  ];
  const trouble = end.kind === 'error' ? `The answer broke off: ${end.sentence ?? end.reason}\n` : '';
  return `${trouble}[${parts.join(' · ')}]`;
}
