import type { CountNoticed } from '../../application/alerts/count-noticed.ts';
import type { ListAlerts } from '../../application/alerts/list-alerts.ts';
import type { AlertLog } from '../../application/ports/alerts/alert-log.ts';
import type { Watchman } from '../../application/ports/alerts/watchman.ts';
import { identify } from '../tokens.ts';

export const ALERT_LOG = identify<AlertLog>('AlertLog');
/** Whoever notices something of a principal tells it here. */
export const WATCHMAN = identify<Watchman>('Watchman');
/** The one who counts it and raises alerts, which goes on in the background. */
export const ALERT_KEEPER = identify<CountNoticed>('CountNoticed');
export const LIST_ALERTS = identify<ListAlerts>('ListAlerts');
