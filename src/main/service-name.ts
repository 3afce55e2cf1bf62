import type { SettingKey } from './configuration/settings.ts';

/** The three services, in the order in which they start. */
export const SERVICES = ['auth', 'accounting', 'chat'] as const;

/** One of the three services. */
export type ServiceName = (typeof SERVICES)[number];

/** The setting that holds a service's port. */
export const PORT_SETTING = {
  auth: 'authPort',
  accounting: 'accountingPort',
  chat: 'chatPort',
} as const satisfies Readonly<Record<ServiceName, SettingKey>>;
