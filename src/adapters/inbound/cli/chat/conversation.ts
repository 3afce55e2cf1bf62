import { createInterface, type Interface } from 'node:readline';
import type { CommandIo } from '../client/command-io.ts';
import { EXIT } from '../client/exit-code.ts';
import { Refused } from '../client/failures.ts';
import { describeBalance, describeModels } from './account-view.ts';
import { type AskWorld, askQuestion } from './ask-question.ts';

/** What a person can type beside questions. */
const HELP = `Type a question and Enter. Ctrl-C stops an answer; at the prompt it leaves.
  /models      the models        /model ID   answer with this one from now on
  /balance     your credits      /quit       leave`;

/** Refusals that end the talk: nothing that is typed next could be answered. */
const HOPELESS: ReadonlySet<number> = new Set([401, 403]);

/** What the conversation works with; the chat is made at the first question, so that leaving leaves nothing. */
export interface ConversationWorld extends AskWorld {
  readonly modelId: string | undefined;
  openChat(): Promise<string>;
}

/**
 * Reads questions line by line and answers each, until the input ends, `/quit`, or Ctrl-C at the prompt.
 *
 * @returns the exit code.
 */
export async function converse(outer: ConversationWorld): Promise<number> {
  const isTerminal = outer.io.stdin.isTTY === true;
  const lines = createInterface({
    input: outer.io.stdin,
    ...(isTerminal ? { output: outer.io.stderr } : {}),
    terminal: isTerminal,
    prompt: '> ',
  });
  const world = { ...outer, io: withKeyboardInterrupts(outer.io, lines) };
  const talk = new Talk(world);
  if (isTerminal) world.terminal.say(HELP);
  try {
    const pending = lines[Symbol.asyncIterator]();
    for (;;) {
      const line = await nextLine(world, lines, pending);
      if (line === 'interrupted') {
        if (isTerminal) world.terminal.say('');
        return EXIT.interrupted;
      }
      if (line === undefined || line.text === '/quit') return EXIT.done;
      if (line.text !== '') await talk.hear(line.text);
    }
  } finally {
    lines.close();
  }
}

/** On a terminal readline reads the keys itself, so Ctrl-C is a key to it and no signal to the process. */
function withKeyboardInterrupts(io: CommandIo, lines: Interface): CommandIo {
  return {
    ...io,
    onInterrupt(listener) {
      const forget = io.onInterrupt(listener);
      lines.on('SIGINT', listener);
      return () => {
        forget();
        lines.off('SIGINT', listener);
      };
    },
  };
}

/** Waits for a line; Ctrl-C leaves. */
async function nextLine(
  { io }: ConversationWorld,
  lines: Interface,
  pending: AsyncIterator<string>,
): Promise<{ text: string } | 'interrupted' | undefined> {
  if (io.stdin.isTTY) lines.prompt();
  let forget = (): void => undefined;
  const interrupted = new Promise<'interrupted'>((resolve) => {
    forget = io.onInterrupt(() => resolve('interrupted'));
  });
  try {
    const next = await Promise.race([pending.next(), interrupted]);
    if (next === 'interrupted') return next;
    return next.done ? undefined : { text: next.value.trim() };
  } finally {
    forget();
  }
}

/** What was agreed so far: the chat and the model. */
class Talk {
  readonly #world: ConversationWorld;
  #modelId: string | undefined;
  #chatId: string | undefined;

  constructor(world: ConversationWorld) {
    this.#world = world;
    this.#modelId = world.modelId;
  }

  async hear(text: string): Promise<void> {
    const { client, terminal } = this.#world;
    const [word, argument] = text.split(/\s+/, 2);
    if (word === '/models') terminal.say(await describeModels(client));
    else if (word === '/balance') terminal.say(await describeBalance(client));
    else if (word === '/model' && argument !== undefined) {
      this.#modelId = argument;
      terminal.say(`[Answering with ${argument}]`);
    } else if (text.startsWith('/')) terminal.say(HELP);
    else await this.#ask(text);
  }

  /** A refusal of one question is told, and the talk goes on; what cannot get better ends it. */
  async #ask(message: string): Promise<void> {
    try {
      this.#chatId ??= await this.#world.openChat();
      await askQuestion(this.#world, { chatId: this.#chatId, message, modelId: this.#modelId });
    } catch (error) {
      const isTold = error instanceof Refused && !HOPELESS.has(error.status);
      if (!isTold) throw error;
      this.#world.terminal.say(error.message);
    }
  }
}
