/** Labels of one sample; values come from closed sets, never from callers. */
export type MetricLabels = Readonly<Record<string, string>>;

/** One sample of a gathered metric. */
export interface GatheredSample {
  /** What is put behind the metric's name, of histograms: `_bucket` with a label `le`, `_sum` and `_count`. */
  readonly suffix?: '_bucket' | '_sum' | '_count';
  readonly labels: MetricLabels;
  readonly value: number;
}

/** A metric whose samples are made when they are read. */
export interface GatheredMetric {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly samples: readonly GatheredSample[];
}

/** The program's counters. Recording never throws. Names are listed in docs/OPERATIONS.md. */
export interface Metrics {
  /** Adds to a counter. */
  count(name: string, labels?: MetricLabels, by?: number): void;
  /** Sets a gauge. */
  gauge(name: string, value: number, labels?: MetricLabels): void;
  /** Says something in words, which takes the place of what was said under this name before. */
  info(name: string, labels: MetricLabels): void;
  /** Asks each time that the metrics are read: for what is counted far more often than anybody looks. */
  gather(gatherer: () => readonly GatheredMetric[]): void;
  /** Records a duration in seconds. */
  observeSeconds(name: string, seconds: number, labels?: MetricLabels): void;
}
