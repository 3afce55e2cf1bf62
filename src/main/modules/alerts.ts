import type { Container } from 'inversify';
import { CountNoticed } from '../../application/alerts/count-noticed.ts';
import { ListAlerts } from '../../application/alerts/list-alerts.ts';
import type { AlertRules } from '../../domain/alerts/alert-rule.ts';
import type { Config } from '../config.ts';
import { ALERT_KEEPER, ALERT_LOG, LIST_ALERTS, WATCHMAN } from '../tokens/alerts.ts';
import { CLOCK, IDS, LOG, METRICS, TIMERS } from '../tokens.ts';

/** Binds what counts and raises alerts; the log that they go to is bound with the store. */
export function bindAlerts(container: Container, config: Config): void {
  const rules = rulesOf(config);
  container
    .bind(ALERT_KEEPER)
    .toResolvedValue(
      (alerts, clock, ids, timers, metrics, log) =>
        new CountNoticed({ alerts, rules, clock, ids, timers, metrics, log }),
      [ALERT_LOG, CLOCK, IDS, TIMERS, METRICS, LOG],
    )
    .inSingletonScope();
  container.bind(WATCHMAN).toResolvedValue((keeper) => keeper, [ALERT_KEEPER]);
  container.bind(LIST_ALERTS).toResolvedValue((alerts) => new ListAlerts({ alerts }), [ALERT_LOG]);
}

const rulesOf = (config: Config): AlertRules => ({
  'breaches.repeated': config['alerts.breaches'],
  'takeover.refused': config['alerts.takeovers'],
  'handles.unknown': config['alerts.unknownHandles'],
  'ids.mismatched': config['alerts.idMismatches'],
  'claims.refused': config['alerts.claims'],
  'resume.new_address': config['alerts.newAddress'],
});
