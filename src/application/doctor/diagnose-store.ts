import type { Digest } from '../ports/digest.ts';
import type { StoreInspection } from '../ports/store-inspection.ts';
import { checkAccounts } from './check-accounts.ts';
import { checkAgentEvents } from './check-agent-events.ts';
import { type AuditProof, type AuditStanding, checkAudit } from './check-audit.ts';
import { checkIdentity } from './check-identity.ts';
import { replayJournal } from './check-journal.ts';
import { checkReservations } from './check-reservations.ts';
import { checkStreams } from './check-streams.ts';
import { type Finding, Findings } from './findings.ts';

/** What an examination of a store came to. */
export interface Diagnosis {
  /** Rows that were looked at, by table. */
  readonly checked: Readonly<Record<string, number>>;
  /** Every row that breaks a promise, once for each promise it breaks. */
  readonly findings: readonly Finding[];
  /** Where the audit log stands, and what of it was not proven. */
  readonly audit: AuditStanding;
}

/**
 * Proves the invariants of accounts, the ledger, chats and streams, agents' events and the audit log on a store as it stands.
 *
 * @throws PortError `unavailable` when the store cannot be read.
 */
export class DiagnoseStore {
  readonly #inspection: StoreInspection;
  readonly #digest: Digest;
  readonly #audit: AuditProof;

  constructor(deps: {
    readonly inspection: StoreInspection;
    readonly digest: Digest;
    readonly audit: AuditProof;
  }) {
    this.#inspection = deps.inspection;
    this.#digest = deps.digest;
    this.#audit = deps.audit;
  }

  execute(): Promise<Diagnosis> {
    return this.#inspection.inspect(
      async (picture) => {
        const findings = new Findings();
        await checkIdentity(picture.identity, findings);
        const replayed = await replayJournal(picture, findings);
        await checkAccounts(picture, replayed, findings);
        await checkReservations(picture, findings);
        await checkStreams(picture, findings, this.#digest);
        await checkAgentEvents(picture, findings);
        const audit = await checkAudit(picture, findings, this.#audit);
        return { checked: findings.checked, findings: findings.found, audit };
      },
      ({ findings }) => findings.length > 0,
    );
  }
}
