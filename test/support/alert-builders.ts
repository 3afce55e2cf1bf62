import type { AlertId, AlertRaise } from '../../src/domain/alerts/alert.ts';
import { T0 } from './ledger-builders.ts';
import { owner } from './subscriber-builders.ts';

let made = 0;

/** Something that one principal did, once; its id is another one each time. */
export function anAlertRaise(facts: Partial<AlertRaise> = {}): AlertRaise {
  made += 1;
  return {
    id: `00000000-0000-4000-8000-${String(made).padStart(12, '0')}` as AlertId,
    kind: 'takeover.refused',
    principal: owner(1),
    atMs: T0,
    windowMs: 1_000,
    count: 1,
    detail: 'foreign 1',
    ...facts,
  };
}
