import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { GatheredMetric, MetricLabels, Metrics } from '../../../application/ports/metrics.ts';

/** Upper bounds of the duration buckets, in seconds: from a cached read to the longest stream. */
const DURATION_BUCKETS_SECONDS = [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60, 300, 900];
/** Most different metrics; a name beyond it is dropped, so that a mistake cannot grow memory without end. */
const MAX_METRICS = 500;

/** Prometheus metrics. A metric comes to be with its first sample, with that sample's label names. */
export class PromMetrics implements Metrics {
  readonly #registry = new Registry();
  readonly #counters = new Map<string, Counter>();
  readonly #gauges = new Map<string, Gauge>();
  readonly #histograms = new Map<string, Histogram>();
  readonly #gatherers: Array<() => readonly GatheredMetric[]> = [];

  /** `processMetrics`: also tell memory, CPU and event loop delay of the process. */
  constructor(options: { processMetrics: boolean }) {
    if (options.processMetrics) collectDefaultMetrics({ register: this.#registry });
  }

  count(name: string, labels: MetricLabels = {}, by = 1): void {
    this.#record(
      this.#counters,
      name,
      labels,
      (config) => new Counter(config),
      (counter) => counter.inc(labels, by),
    );
  }

  gauge(name: string, value: number, labels: MetricLabels = {}): void {
    this.#record(
      this.#gauges,
      name,
      labels,
      (config) => new Gauge(config),
      (gauge) => gauge.set(labels, value),
    );
  }

  info(name: string, labels: MetricLabels): void {
    this.#record(
      this.#gauges,
      name,
      labels,
      (config) => new Gauge(config),
      (gauge) => {
        gauge.reset();
        gauge.set(labels, 1);
      },
    );
  }

  observeSeconds(name: string, seconds: number, labels: MetricLabels = {}): void {
    this.#record(
      this.#histograms,
      name,
      labels,
      (config) => new Histogram({ ...config, buckets: DURATION_BUCKETS_SECONDS }),
      (histogram) => histogram.observe(labels, seconds),
    );
  }

  gather(gatherer: () => readonly GatheredMetric[]): void {
    this.#gatherers.push(gatherer);
  }

  /** Everything recorded so far in Prometheus' text format. */
  async text(): Promise<string> {
    const gathered = this.#gatherers.flatMap((gatherer) => gatherer()).map(gatheredText);
    return (await this.#registry.metrics()) + gathered.join('');
  }

  /** The content type that belongs to `text()`. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  #record<Metric>(
    known: Map<string, Metric>,
    name: string,
    labels: MetricLabels,
    make: (config: { name: string; help: string; labelNames: string[]; registers: Registry[] }) => Metric,
    sample: (metric: Metric) => void,
  ): void {
    try {
      let metric = known.get(name);
      if (metric === undefined) {
        if (known.size >= MAX_METRICS) return;
        metric = make({
          name,
          help: name.replaceAll('_', ' '),
          labelNames: Object.keys(labels),
          registers: [this.#registry],
        });
        known.set(name, metric);
      }
      sample(metric);
    } catch {
      // The port promises that recording never throws: a sample with other labels than its metric's is lost.
    }
  }
}

/** A gathered metric in Prometheus' text format; the values of its labels come from closed sets. */
function gatheredText({ name, type, samples }: GatheredMetric): string {
  const lines = samples.map(({ suffix = '', labels, value }) => {
    const named = Object.entries(labels).map(([label, text]) => `${label}="${text}"`);
    return `${name}${suffix}${named.length === 0 ? '' : `{${named.join(',')}}`} ${value}\n`;
  });
  return `# HELP ${name} ${name.replaceAll('_', ' ')}\n# TYPE ${name} ${type}\n${lines.join('')}\n`;
}
