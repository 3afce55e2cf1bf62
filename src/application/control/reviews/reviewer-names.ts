import { BoundedMap } from '../../../domain/bounded-map.ts';
import type { ReviewState } from '../../../domain/control/agent-event-state.ts';
import type { UserId } from '../../../domain/identity/ids.ts';
import type { PrincipalDirectory } from '../../ports/identity/principal-directory.ts';

/** Most names that are remembered; with more, those that were asked for first are forgotten. */
const MAX_NAMES = 1_000;

/** What those who decided about reviews are called. A name never changes, so it is asked for once. */
export class ReviewerNames {
  readonly #directory: Pick<PrincipalDirectory, 'resolve'>;
  readonly #names = new BoundedMap<string, string>(MAX_NAMES);

  constructor(deps: { readonly directory: Pick<PrincipalDirectory, 'resolve'> }) {
    this.#directory = deps.directory;
  }

  /** Undefined where nobody decided, and where nobody knows any more or now: a review can be read without. Never rejects. */
  async of(review: Pick<ReviewState, 'resolvedBy'> | undefined): Promise<string | undefined> {
    const userId = review?.resolvedBy;
    if (userId === undefined) return undefined;
    const known = this.#names.get(userId);
    if (known !== undefined) return known;
    const entry = await this.#directory.resolve(userId).catch(() => undefined);
    if (entry === undefined || entry.userId !== (userId as UserId)) return undefined;
    this.#names.set(userId, entry.username);
    return entry.username;
  }
}
