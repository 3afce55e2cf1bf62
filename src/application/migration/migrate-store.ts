import type { CreditAccountState } from '../../domain/accounting/credit-account.ts';
import type { DiagnoseStore } from '../doctor/diagnose-store.ts';
import type { IdSource } from '../ports/id-source.ts';
import {
  MOVED_TABLES,
  type MovedTable,
  type MoveSource,
  type MoveTarget,
  type TableProgress,
} from '../ports/store-migration.ts';

/** What a migration came to. */
export type MigrationOutcome =
  /** Everything is there, and both ends are proven to be sound and the same. */
  | { readonly kind: 'moved'; readonly counts: Readonly<Record<MovedTable, number>> }
  /** It was complete before. */
  | { readonly kind: 'moved-before' }
  /** Sentences that say what stands against it, and what to do. */
  | { readonly kind: 'refused'; readonly reasons: readonly string[] };

/** What is heard of a migration that is under way. */
export interface MigrationListener {
  /** Rows of a table are stored, of so many. */
  onCopied(table: MovedTable, rows: number, of: number): void;
  /** One of the steps that take a while begins. */
  onStep(step: 'examine-source' | 'examine-target' | 'compare'): void;
}

interface Deps {
  readonly source: MoveSource;
  readonly target: MoveTarget;
  readonly ids: Pick<IdSource, 'uuid'>;
  readonly examineSource: Pick<DiagnoseStore, 'execute'>;
  readonly examineTarget: Pick<DiagnoseStore, 'execute'>;
  /** The target's name without any secret. */
  readonly to: string;
}

/** Most findings that are named one by one. */
const MAX_NAMED = 10;

/**
 * Moves a whole store to another, and can be called again after any interruption. Both ends are marked before the first
 * row is copied, so that nobody serves either of them meanwhile; the target's mark goes once both ends have been examined
 * and compared, the source's never.
 *
 * @throws PortError when a store cannot be read or written; calling again goes on from there.
 */
export class MigrateStore {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  async execute(listener: MigrationListener): Promise<MigrationOutcome> {
    const begun = await this.#begin(listener);
    if (begun !== undefined) return begun;
    for (const table of MOVED_TABLES) await this.#copy(table, listener);
    const reasons = await this.#compare(listener);
    if (reasons.length > 0) return { kind: 'refused', reasons };
    const { source, target } = this.#deps;
    const mark = source.mark();
    if (mark !== undefined) source.setMark({ ...mark, isComplete: true });
    await target.complete();
    const counts = await this.#counts(source);
    return { kind: 'moved', counts };
  }

  /** Sees that these two ends may be brought together, and marks both. An outcome when there is nothing to copy. */
  async #begin(listener: MigrationListener): Promise<MigrationOutcome | undefined> {
    const { source, target, ids, to } = this.#deps;
    const [own, there] = [source.mark(), await target.mark()];
    if (there !== undefined && there.id !== own?.id) {
      return refused(
        `${to} holds ${there.isComplete ? 'another store that was moved there' : 'the beginning of another move, or of one whose source has been served since'}: name an empty database, or drop that one.`,
      );
    }
    if (own !== undefined && there === undefined && own.to !== to) {
      return refused(
        `This store is being moved to ${own.to}, and not to ${to}: name that database, or take the store back (holdfast serve --take-back).`,
      );
    }
    if (there?.isComplete === true) return { kind: 'moved-before' };
    if (own === undefined) {
      const against = await this.#prepare(listener);
      if (against.length > 0) return { kind: 'refused', reasons: against };
    }
    const mark = own ?? { id: ids.uuid(), to, isComplete: false };
    source.setMark(mark);
    if ((await target.begin(mark)) === 'begun') return undefined;
    source.setMark(undefined);
    return refused(`There is something in ${to} already: name an empty database.`);
  }

  /** Ends what is open in the source and proves it sound; sentences when something stands against moving it. */
  async #prepare(listener: MigrationListener): Promise<readonly string[]> {
    const { source, examineSource } = this.#deps;
    if (await source.hasDemoAccounts()) {
      return [
        'This store holds demo accounts, whose passwords everybody knows: change them (holdfast user password NAME) or disable them (holdfast user disable NAME), and move it then.',
      ];
    }
    await source.settle();
    listener.onStep('examine-source');
    return findingsOf('This store', await examineSource.execute());
  }

  async #copy(table: MovedTable, listener: MigrationListener): Promise<void> {
    const { source, target } = this.#deps;
    const of = await source.count(table);
    let progress: TableProgress = await target.progress(table);
    while (!progress.isDone) {
      const { rows, after } = await source.page(table, progress.after);
      progress = {
        rows: progress.rows + rows.length,
        isDone: rows.length === 0,
        ...(after === undefined ? {} : { after }),
      };
      await target.put(table, rows, progress);
      listener.onCopied(table, progress.rows, of);
    }
  }

  async #compare(listener: MigrationListener): Promise<readonly string[]> {
    const { source, target, examineTarget, to } = this.#deps;
    listener.onStep('examine-target');
    const reasons = [...findingsOf(to, await examineTarget.execute())];
    listener.onStep('compare');
    const [here, there] = [await this.#counts(source), await this.#counts(target)];
    for (const table of MOVED_TABLES) {
      if (here[table] === there[table]) continue;
      reasons.push(`${table}: there are ${here[table]} here and ${there[table]} in ${to}.`);
    }
    return [...reasons, ...(await this.#compareSums())];
  }

  /** Every account has there what it has here. */
  async #compareSums(): Promise<readonly string[]> {
    const { source, target, to } = this.#deps;
    const reasons: string[] = [];
    for (let after: string | number | undefined; ; ) {
      const page = await source.page('accounts', after);
      if (page.rows.length === 0) return reasons;
      const there = await target.sums(page.rows.map(({ account }) => account.userId));
      for (const { account } of page.rows) {
        if (isSame(account, there.get(account.userId))) continue;
        if (reasons.length < MAX_NAMED) {
          reasons.push(`accounts/${account.userId}: its sums are others in ${to}.`);
        }
      }
      after = page.after;
    }
  }

  async #counts(store: Pick<MoveSource, 'count'>): Promise<Record<MovedTable, number>> {
    const counts = {} as Record<MovedTable, number>;
    for (const table of MOVED_TABLES) counts[table] = await store.count(table);
    return counts;
  }
}

const refused = (reason: string): MigrationOutcome => ({ kind: 'refused', reasons: [reason] });

function findingsOf(
  whose: string,
  { findings }: Awaited<ReturnType<DiagnoseStore['execute']>>,
): readonly string[] {
  if (findings.length === 0) return [];
  const named = findings.slice(0, MAX_NAMED);
  return [
    `${whose} breaks ${findings.length} promises (holdfast doctor names them all); the first are:`,
    ...named.map(({ row, promise, problem }) => `${row}  ${promise}  ${problem}`),
  ];
}

function isSame(
  { grants: _grants, ...here }: CreditAccountState,
  there: Omit<CreditAccountState, 'grants'> | undefined,
): boolean {
  const sums = Object.entries(here);
  return there !== undefined && sums.every(([name, sum]) => there[name as keyof typeof there] === sum);
}
