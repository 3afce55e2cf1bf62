/** One measured figure, as the median of its rounds. */
export interface Figure {
  /** What was run: `holdfast`, or the peer's name and version. */
  readonly who: string;
  readonly what: string;
  readonly unit: string;
  readonly median: number;
  readonly rounds: readonly number[];
}

/** A goal of the bench and whether this run met it. */
export interface Verdict {
  readonly goal: string;
  readonly measured: string;
  readonly met: boolean;
}

/** What one bench found out. */
export interface BenchResult {
  readonly name: string;
  /** The work, in a sentence. */
  readonly work: string;
  readonly figures: readonly Figure[];
  readonly verdicts: readonly Verdict[];
  /** What a reader must know to judge the figures. */
  readonly notes: readonly string[];
}

/** A bench: a name and a way to run it. */
export interface Bench {
  readonly name: string;
  run(): Promise<BenchResult>;
}
