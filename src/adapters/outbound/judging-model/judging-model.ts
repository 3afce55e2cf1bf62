import type {
  ClassifiedEvent,
  EventClassifier,
  Finding,
} from '../../../application/ports/control/event-classifier.ts';
import type { IdSource } from '../../../application/ports/id-source.ts';
import type {
  CompletionModel,
  PromptMessage,
} from '../../../application/ports/streaming/completion-model.ts';
import type { Timers } from '../../../application/ports/timers.ts';
import { newFrom } from '../../../domain/control/conversation.ts';
import { parseMadCode } from '../../../domain/control/mad-code.ts';
import { INSTRUCTIONS } from './instructions.ts';

/**
 * Longest event that is shown to a model, as JSON, in characters. Of a longer one the beginning of its conversation is
 * left out, which was judged when it was new; without any other part it would not be the event.
 */
const MAX_EVENT_CHARACTERS = 48_000;
/** Most tokens of an answer, which is one line. */
const MAX_ANSWER_TOKENS = 200;
/** Longest answer, in characters. */
const MAX_ANSWER_CHARACTERS = 1_000;
/** Longest reason, in characters. */
const MAX_REASON_CHARACTERS = 300;
/** What the findings of a model name as their rule. */
const RULE = 'model';
const CODE_MEMBER = /"code"\s*:/g;
const CODES: readonly unknown[] = ['M0', 'M2', 'M3', 'M4'];

/** The answer of a model is not of the one form that counts; the message says why. */
class UnclearAnswer extends Error {}

/** Which model is asked, and for how long at most, in milliseconds. */
export interface JudgingModelSettings {
  readonly modelId: string;
  readonly limitMs: number;
}

/**
 * Asks a language model how dangerous an event is. Whatever it says that is not exactly the one form of an answer is an
 * error, never a guess. The event reaches it as JSON between marks that nobody can know before: it is data, and what
 * it says to the model is part of what is judged. It is meant to stand behind rules, whose code it may only raise.
 */
export class JudgingModel implements EventClassifier {
  readonly #model: CompletionModel;
  readonly #ids: IdSource;
  readonly #timers: Timers;
  readonly #settings: JudgingModelSettings;

  constructor(
    deps: { readonly model: CompletionModel; readonly ids: IdSource; readonly timers: Timers },
    settings: JudgingModelSettings,
  ) {
    this.#model = deps.model;
    this.#ids = deps.ids;
    this.#timers = deps.timers;
    this.#settings = settings;
  }

  async classify(event: ClassifiedEvent, signal: AbortSignal): Promise<Finding> {
    const shown = shownOf(event);
    if (shown.length > MAX_EVENT_CHARACTERS) return failed('The event is too long for the model');
    const over = new AbortController();
    const ended = AbortSignal.any([signal, over.signal]);
    const done = new AbortController();
    const limit = this.#timers.sleep(this.#settings.limitMs, done.signal).then(
      () => over.abort(),
      () => undefined,
    );
    try {
      return findingOf(await this.#answer(shown, ended));
    } catch (error) {
      if (ended.aborted) return failed('The model took too long');
      return failed(error instanceof UnclearAnswer ? error.message : 'The model failed');
    } finally {
      done.abort();
      await limit;
    }
  }

  async #answer(shown: string, signal: AbortSignal): Promise<string> {
    signal.throwIfAborted();
    const { modelId } = this.#settings;
    const messages = promptOf(shown, this.#ids.uuid());
    const parts = this.#model.stream({ modelId, messages, maxOutputTokens: MAX_ANSWER_TOKENS, signal });
    let answer = '';
    for await (const part of parts) {
      signal.throwIfAborted();
      if (part.kind === 'end') {
        if (part.finishReason !== 'stop') throw new UnclearAnswer('The model’s answer has no end');
        continue;
      }
      answer += part.text;
      if (answer.length > MAX_ANSWER_CHARACTERS) throw new UnclearAnswer('The model’s answer is too long');
    }
    return answer;
  }
}

const failed = (reason: string): Finding => ({ kind: 'error', reason });

function shownOf({ pairType, agentId, calls, messages, output }: ClassifiedEvent): string {
  const whole = JSON.stringify({ pairType, agentId, calls, messages, output });
  if (whole.length <= MAX_EVENT_CHARACTERS) return whole;
  const isNewFrom = newFrom(messages);
  const shown = (from: number): string => {
    const left = { earlierMessagesNotShown: from, messages: messages.slice(from) };
    return JSON.stringify({ pairType, agentId, calls, ...left, output });
  };
  let from = isNewFrom;
  let room = MAX_EVENT_CHARACTERS - shown(isNewFrom).length;
  while (from > 0) {
    // With the comma in front of the next one.
    room -= JSON.stringify(messages[from - 1]).length + 1;
    if (room < 0) break;
    from -= 1;
  }
  return shown(from);
}

function promptOf(shown: string, mark: string): readonly PromptMessage[] {
  return [
    {
      role: 'system',
      content: `${INSTRUCTIONS}\nThe marks of this event are <event-${mark}> and </event-${mark}>.`,
    },
    { role: 'user', content: `<event-${mark}>\n${shown}\n</event-${mark}>` },
  ];
}

/** @throws UnclearAnswer unless the answer is one JSON object with exactly a code and a reason. */
function findingOf(answer: string): Finding {
  let read: unknown;
  try {
    read = JSON.parse(answer);
  } catch {
    throw new UnclearAnswer('The model’s answer is no JSON');
  }
  if (typeof read !== 'object' || read === null || Object.keys(read).sort().join() !== 'code,reason') {
    throw new UnclearAnswer('The model’s answer has other members than it should');
  }
  if ((answer.match(CODE_MEMBER)?.length ?? 0) !== 1)
    throw new UnclearAnswer('The model’s answer has more than one code');
  const { code, reason } = read as { code: unknown; reason: unknown };
  if (!CODES.includes(code) || typeof reason !== 'string' || reason.length > MAX_REASON_CHARACTERS) {
    throw new UnclearAnswer('The model’s answer has members of another form');
  }
  return {
    kind: 'classified',
    code: parseMadCode(code as string),
    reason,
    rule: code === 'M0' ? undefined : RULE,
  };
}
