/** Labels of one sample; values come from closed sets, never from callers. */
export type MetricLabels = Readonly<Record<string, string>>;

/** The program's counters. Recording never throws. Names are listed in docs/OPERATIONS.md. */
export interface Metrics {
  /** Adds to a counter. */
  count(name: string, labels?: MetricLabels, by?: number): void;
  /** Sets a gauge. */
  gauge(name: string, value: number, labels?: MetricLabels): void;
  /** Says something in words, which takes the place of what was said under this name before. */
  info(name: string, labels: MetricLabels): void;
  /** Records a duration in seconds. */
  observeSeconds(name: string, seconds: number, labels?: MetricLabels): void;
}
