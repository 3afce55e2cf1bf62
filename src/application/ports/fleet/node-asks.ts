/** Longest question or answer that is carried, in UTF-16 units. */
export const MAX_ASKED_UNITS = 4_194_304;
/** Most questions of one node that wait for answers at once; more are refused as `unavailable`. */
export const MAX_ASKS = 100;

/** How long answers are waited for. */
export interface AskBounds {
  readonly withinMs: number;
  /** With so many answers nothing more is waited for; undefined when it is not known how many will come. */
  readonly expected?: number;
}

/** Answers what other nodes ask; undefined, or a rejection, when it has nothing to say. */
export type Answerer = (question: string) => Promise<string | undefined>;

/**
 * Carries questions from one node to all the others, and their answers back. Both may be lost, and are never doubled or
 * invented: whoever asks knows from the answers alone who has answered.
 */
export interface NodeAsks {
  /**
   * The answers of other nodes, as they came; none at once where no node can be reached. A node does not ask itself.
   *
   * @throws PortError `unavailable` when too many questions wait.
   */
  ask(question: string, bounds: AskBounds): Promise<readonly string[]>;
  /** Answers from now on, until the returned function is called. A node has one answerer at most. */
  answer(answerer: Answerer): () => void;
}
