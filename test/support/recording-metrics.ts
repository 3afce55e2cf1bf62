import type { GatheredMetric, MetricLabels, Metrics } from '../../src/application/ports/metrics.ts';

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

  readonly #gatherers: Array<() => readonly GatheredMetric[]> = [];

  gather(gatherer: () => readonly GatheredMetric[]): void {
    this.#gatherers.push(gatherer);
  }

  /** The values of one gathered metric, each by the values of its labels, such as `{ 'echo in': 3 }`. */
  gathered(name: string): Readonly<Record<string, number>> {
    const metric = this.#gatherers.flatMap((gatherer) => gatherer()).find((one) => one.name === name);
    const samples = metric?.samples ?? [];
    return Object.fromEntries(samples.map(({ labels, value }) => [Object.values(labels).join(' '), value]));
  }

  observeSeconds(): void {}

  /** The samples of one metric. */
  of(name: string): RecordedSample[] {
    return this.samples.filter((sample) => sample.name === name);
  }
}
