import type { RuleBook } from '../adapters/outbound/rules/rule-book.ts';
import type { RuleClassifier } from '../adapters/outbound/rules/rule-classifier.ts';
import type {
  ClassifiedEvent,
  EventClassifier,
  Finding,
} from '../application/ports/control/event-classifier.ts';
import type { Log } from '../application/ports/log.ts';
import { ConfigError } from './configuration/config-error.ts';

/**
 * The rules by which agents' events are classified: those of the operator's file, and the starter's. Their engine is
 * loaded on first use.
 *
 * @throws ConfigError with every problem of the file, each with its line and rule.
 */
export async function readControlRules(path: string | undefined): Promise<RuleBook> {
  const { readRules } = await import('../adapters/outbound/rules/rule-store.ts');
  const { RuleFileRefused } = await import('../adapters/outbound/rules/rule-file.ts');
  try {
    return readRules(path);
  } catch (error) {
    if (!(error instanceof RuleFileRefused)) throw error;
    throw new ConfigError(
      error.problems.map((problem) => `control.rulesFile: ${problem}`),
      { cause: error },
    );
  }
}

/** Classifies by the rules, which are read when the first agent logs in, or before. */
export class ControlRules implements EventClassifier {
  readonly #path: string | undefined;
  #classifier: RuleClassifier | undefined;
  #reading: Promise<RuleClassifier> | undefined;

  constructor(path: string | undefined) {
    this.#path = path;
  }

  /** Reads the rules, if nobody has; until then nothing is classified at once. @throws ConfigError as `readControlRules` does. */
  load(): Promise<RuleClassifier> {
    this.#reading ??= this.#read();
    return this.#reading;
  }

  /** Goes by these rules from the next event on. */
  async replace(book: RuleBook): Promise<void> {
    (await this.load()).replace(book);
  }

  classifyAtOnce(event: ClassifiedEvent): Finding | undefined {
    return this.#classifier?.classifyAtOnce(event);
  }

  async classify(event: ClassifiedEvent, signal: AbortSignal): Promise<Finding> {
    if (this.#classifier !== undefined) return this.#classifier.classify(event, signal);
    try {
      return await (await this.load()).classify(event, signal);
    } catch {
      return { kind: 'error', reason: 'The rules cannot be read' };
    }
  }

  async #read(): Promise<RuleClassifier> {
    const { RuleClassifier } = await import('../adapters/outbound/rules/rule-classifier.ts');
    this.#classifier = new RuleClassifier(await readControlRules(this.#path));
    return this.#classifier;
  }
}

/** What is wrong with the file of rules that a configuration names; nothing when it names none. */
export async function brokenRulesFile(path: string | undefined): Promise<readonly string[]> {
  if (path === undefined) return [];
  try {
    await readControlRules(path);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems;
  }
}

/**
 * Reads the rules again at every SIGHUP. Events that are being classified go by the rules that they began with. Rules
 * that cannot be used are told in the log, and the old ones stay.
 *
 * @returns what ends it.
 */
export function reloadRulesAtHangup(parts: {
  readonly path: string;
  /** Goes by these rules from now on. */
  readonly use: (rules: RuleBook) => unknown;
  readonly log: Log;
}): () => void {
  const { path, use, log } = parts;
  let last: Promise<void> = Promise.resolve();
  const reload = async (): Promise<void> => {
    try {
      const rules = await readControlRules(path);
      await use(rules);
      log.info({ path, rules: rules.rules.length }, 'the rules for agents were read anew');
    } catch (error) {
      const problems = error instanceof ConfigError ? error.problems : ['The rules could not be read.'];
      log.error(
        { problems },
        `the rules for agents stay as they were, because the new ones cannot be used: ${problems.join(' ')}`,
      );
    }
  };
  const onHangup = (): void => {
    last = last.then(reload);
  };
  process.on('SIGHUP', onHangup);
  return () => process.off('SIGHUP', onHangup);
}
