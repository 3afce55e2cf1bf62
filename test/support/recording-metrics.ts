import type { MetricLabels, Metrics } from '../../src/application/ports/metrics.ts';

/** One sample of a counter or gauge as a test reads it. */
export interface RecordedSample {
  readonly name: string;
  readonly labels: MetricLabels;
  readonly value: number;
}

/** Keeps counters and gauges for a test to read. */
export class RecordingMetrics implements Metrics {
  readonly samples: RecordedSample[] = [];

  count(name: string, labels: MetricLabels = {}, by = 1): void {
    this.samples.push({ name, labels, value: by });
  }

  gauge(name: string, value: number, labels: MetricLabels = {}): void {
    this.samples.push({ name, labels, value });
  }

  info(name: string, labels: MetricLabels): void {
    this.samples.push({ name, labels, value: 1 });
  }

  observeSeconds(): void {}

  /** The samples of one metric. */
  of(name: string): RecordedSample[] {
    return this.samples.filter((sample) => sample.name === name);
  }
}
