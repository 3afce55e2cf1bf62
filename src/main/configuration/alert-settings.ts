import { type Setting, threshold } from './setting-kinds.ts';

/** From which count within which time something is an alert, by the keys of the configuration file. */
export const ALERT_SETTINGS = {
  'alerts.breaches': threshold(
    '20/10m',
    'How many refused frames and OPENs of one principal, such as those over a rate or a size, are an alert.',
  ),
  'alerts.takeovers': threshold(
    '1/10m',
    "How many refused attempts of one principal to take another's session, or one by a wrong token, are an alert.",
  ),
  'alerts.unknownHandles': threshold(
    '100/1m',
    'How many frames of one principal for sessions that his connection does not have are an alert.',
  ),
  'alerts.idMismatches': threshold(
    '10/10m',
    'How many events of one agent that name other ids than its login are an alert.',
  ),
  'alerts.claims': threshold(
    '1/10m',
    "How many refused attempts of one agent to claim another's session are an alert.",
  ),
  'alerts.newAddress': threshold(
    '1/1h',
    'How many sessions that one principal takes back from another network than the last time are an alert.',
  ),
} satisfies Readonly<Record<string, Setting<unknown>>>;
