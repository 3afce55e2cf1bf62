import type { Alert } from '../../domain/alerts/alert.ts';
import type { AlertLog } from '../ports/alerts/alert-log.ts';

/** A page of alerts, those that were changed longest ago first. */
export interface AlertPage {
  readonly alerts: readonly Alert[];
  /** Where the next page begins: the place of the last one, or the one that was asked with when nothing came. */
  readonly next: number;
  /** Whether there was more when the page was read. */
  readonly hasMore: boolean;
}

/** Reads alerts page by page. Reading on from `next` misses nothing, and shows one again that was counted on. */
export class ListAlerts {
  readonly #deps: { readonly alerts: AlertLog };

  constructor(deps: { readonly alerts: AlertLog }) {
    this.#deps = deps;
  }

  /** @throws PortError. */
  async execute({ after, limit }: { readonly after: number; readonly limit: number }): Promise<AlertPage> {
    const read = await this.#deps.alerts.list({ after, limit: limit + 1 });
    const alerts = read.slice(0, limit);
    return { alerts, next: alerts.at(-1)?.seq ?? after, hasMore: read.length > limit };
  }
}
