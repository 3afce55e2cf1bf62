import {
  type Authenticate,
  CHAIN_START,
  type ChainAnchor,
  type ChainedRecord,
  type ChainHead,
  followedBy,
  headText,
  isAuthentic,
  isAuthenticAnchor,
} from '../../domain/audit/audit-chain.ts';
import { type AuditRecord, auditRecordFrom } from '../../domain/audit/audit-record.ts';
import { isAuthenticPending } from '../../domain/audit/pending-act.ts';
import type { StorePicture } from '../ports/store-inspection.ts';
import { type Findings, hasRow } from './findings.ts';

/** With what an audit log is proven. */
export interface AuditProof {
  /** The keys that may have signed it; without one only its order is proven. */
  readonly keys: readonly Authenticate[];
  /** Heads that were copied elsewhere while the log stood there: each must still be in it. */
  readonly heads: readonly ChainHead[];
}

/** Where an audit log stands, and what of it was not proven. */
export interface AuditStanding {
  readonly records: number;
  readonly chains: number;
  /** The last record's head, to be kept where whoever can change the store cannot; undefined when there is none. */
  readonly head?: string;
  /** Sentences. */
  readonly unproven: readonly string[];
}

/** Records of a chain that are named one by one while no key fits; of the others nothing can be said. */
const MAX_MISFITS = 3;

/** A chain as far as it has been walked. */
interface Walked {
  head: ChainHead;
  /** The key that its records are signed with, once one has fitted. */
  key: Authenticate | undefined;
  /** Records that no key has fitted, while none has fitted any. */
  misfits: number;
}

/** A place in a chain that must hold a certain record. */
interface Expected {
  readonly head: ChainHead;
  readonly row: string;
  readonly promise: string;
  readonly said: string;
  met: boolean;
}

/**
 * Proves that the audit log is what was written: no record changed, removed or put in, no chain missing, and every
 * place still there at which the log was seen to stand.
 */
export async function checkAudit(
  picture: StorePicture,
  findings: Findings,
  proof: AuditProof,
): Promise<AuditStanding> {
  const walk = new AuditWalk(findings, proof.keys);
  for await (const rows of findings.readable('audit_anchors', picture.auditAnchors())) {
    for (const { row, value } of rows) walk.anchor(row, value);
  }
  for (const head of proof.heads) walk.seen(head);
  let records = 0;
  for await (const rows of findings.readable('audit_records', picture.auditRecords())) {
    records += rows.length;
    for (const { row, value } of rows) walk.record(row, value);
  }
  walk.end();
  await checkPending(picture, findings, proof.keys);
  if (records === 0) await requireBegun(picture, findings);
  return {
    records,
    chains: walk.chains,
    ...(walk.last === undefined ? {} : { head: headText(walk.last) }),
    unproven:
      proof.keys.length > 0 || records === 0
        ? []
        : [`whether the ${records} audit records are what was written: the audit key is not here`],
  };
}

/** A server begins a chain before it serves anybody, so a store that was used without one has lost it. */
async function requireBegun(picture: StorePicture, findings: Findings): Promise<void> {
  const used = (await hasRow(picture.accounts())) || (await hasRow(picture.chats()));
  findings.expect(!used, 'audit.begun', 'audit_records', () => 'the store was used, and nothing is recorded');
}

/** One way through the log, in the order of its cursors. */
class AuditWalk {
  readonly #findings: Findings;
  readonly #keys: readonly Authenticate[];
  readonly #walked = new Map<string, Walked>();
  readonly #anchors = new Map<string, { readonly row: string; readonly anchor: ChainAnchor }>();
  /** By chain and number. */
  readonly #expected = new Map<string, Expected[]>();
  last: ChainHead | undefined;

  constructor(findings: Findings, keys: readonly Authenticate[]) {
    this.#findings = findings;
    this.#keys = keys;
  }

  get chains(): number {
    return this.#walked.size;
  }

  /** Where the store says that a chain stood. */
  anchor(row: string, anchor: ChainAnchor): void {
    this.#anchors.set(anchor.head.chain, { row, anchor });
    this.#expect({ head: anchor.head, row, promise: 'audit.anchor', said: 'the store' });
  }

  /** Where somebody else says that a chain stood. */
  seen(head: ChainHead): void {
    const row = `audit_records/${head.chain}.${head.seq}`;
    this.#expect({ head, row, promise: 'audit.head', said: '--audit-head' });
  }

  record(row: string, record: ChainedRecord): void {
    const before = this.#walked.get(record.chain);
    if (before === undefined) this.#begin(row, record);
    else this.#goOn(row, record, before);
    for (const expected of this.#expected.get(placeOf(record)) ?? []) {
      expected.met ||= expected.head.mac === record.mac;
    }
    this.last = { chain: record.chain, seq: record.seq, mac: record.mac };
  }

  /** What was expected and never came, and chains whose place was never noted. */
  end(): void {
    for (const { head, row, promise, said, met } of [...this.#expected.values()].flat()) {
      const now = this.#walked.get(head.chain)?.head.seq;
      const is = now === undefined ? 'is not there' : `ends at ${now}, or holds another record there`;
      const was = `record ${head.seq} of chain ${head.chain} was there, says ${said}, and the chain ${is}`;
      this.#findings.expect(met, promise, row, () => was);
    }
    for (const [chain, { key }] of this.#walked) this.#checkAnchor(chain, key);
  }

  #checkAnchor(chain: string, key: Authenticate | undefined): void {
    const found = this.#anchors.get(chain);
    const row = found?.row ?? `audit_anchors/${chain}`;
    this.#findings.expect(found !== undefined, 'audit.anchor', row, () => 'its chain has no anchor');
    if (found === undefined || key === undefined) return;
    const own = isAuthenticAnchor(found.anchor, key);
    this.#findings.expect(own, 'audit.authentic', row, () => 'the anchor is not what was written');
  }

  #begin(row: string, record: ChainedRecord): void {
    const walked: Walked = { head: record, key: undefined, misfits: 0 };
    this.#walked.set(record.chain, walked);
    const said = readable(record.text);
    const isStart = record.seq === 1 && said?.act === CHAIN_START;
    this.#findings.expect(
      isStart,
      'audit.start',
      row,
      () => `the chain ${record.chain} begins with record ${record.seq}, and not with its start`,
    );
    if (record.seq === 1) this.#authenticate(row, record, undefined, walked);
    if (isStart && said !== undefined) this.#follow(row, followedBy(said));
  }

  /** A start names the last record before it: what was removed since is missed there. */
  #follow(row: string, follows: ChainHead | undefined): void {
    const last = this.last;
    const right = follows === undefined ? last === undefined : isSame(last, follows);
    this.#findings.expect(right, 'audit.follows', row, () =>
      follows === undefined
        ? `it says that nothing was before it, and record ${last?.seq} of chain ${last?.chain} is`
        : `it follows record ${follows.seq} of chain ${follows.chain}, which is not the one before it now`,
    );
  }

  #goOn(row: string, record: ChainedRecord, walked: Walked): void {
    const { head } = walked;
    const inOrder = record.seq === head.seq + 1;
    this.#findings.expect(
      inOrder,
      'audit.order',
      row,
      () => `record ${record.seq} of chain ${record.chain} comes after record ${head.seq}`,
    );
    // What follows a gap follows a record that is not there; the gap is the finding.
    if (inOrder) this.#authenticate(row, record, head.mac, walked);
    walked.head = record;
  }

  #authenticate(row: string, record: ChainedRecord, previousMac: string | undefined, walked: Walked): void {
    if (this.#keys.length === 0 || walked.misfits >= MAX_MISFITS) return;
    const fits = (key: Authenticate): boolean => isAuthentic(record, previousMac, key);
    if (walked.key !== undefined) {
      this.#findings.expect(fits(walked.key), 'audit.authentic', row, () => 'it is not what was written');
      return;
    }
    walked.key = this.#keys.find(fits);
    if (walked.key === undefined) walked.misfits += 1;
    const why = 'it is not what was written, or was written with a key that is not here';
    this.#findings.expect(walked.key !== undefined, 'audit.authentic', row, () => why);
  }

  #expect(expected: Omit<Expected, 'met'>): void {
    const place = placeOf(expected.head);
    this.#expected.set(place, [...(this.#expected.get(place) ?? []), { ...expected, met: false }]);
  }
}

/** Whoever chains what waits signs it: what nobody with a key has put there would be in the log as an act. */
async function checkPending(
  picture: StorePicture,
  findings: Findings,
  keys: readonly Authenticate[],
): Promise<void> {
  const pending = picture.pendingActs?.();
  if (pending === undefined) return;
  for await (const rows of findings.readable('audit_pending', pending)) {
    for (const { row, value } of rows) {
      const isOurs = keys.length === 0 || keys.some((key) => isAuthenticPending(value, key));
      const problem = 'it waits to be chained, and is not what was stored with its act';
      findings.expect(isOurs, 'audit.pending', row, () => problem);
      findings.expect(readable(value.text) !== undefined, 'audit.pending', row, () => 'it tells of no act');
    }
  }
}

const placeOf = ({ chain, seq }: ChainHead): string => `${chain}.${seq}`;

const isSame = (left: ChainHead | undefined, right: ChainHead): boolean =>
  left !== undefined && headText(left) === headText(right);

function readable(text: string): AuditRecord | undefined {
  try {
    return auditRecordFrom(text);
  } catch {
    return undefined;
  }
}
