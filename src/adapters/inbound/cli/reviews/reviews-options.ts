import type { WhoOptions } from '../client/log-in.ts';
import type { AddressOptions } from '../client/service-urls.ts';

/** What `holdfast reviews` is asked to do. */
export type ReviewsAct =
  | { readonly kind: 'list'; readonly status: string | undefined; readonly limit: number }
  | { readonly kind: 'show'; readonly id: string }
  | {
      readonly kind: 'decide';
      readonly decision: 'approve' | 'reject';
      readonly ids: readonly string[];
      readonly comment: string | undefined;
    }
  | { readonly kind: 'watch' };

/** What `holdfast reviews` is called with. */
export interface ReviewsOptions
  extends AddressOptions,
    Pick<WhoOptions, 'user' | 'passwordFile' | 'password'> {
  /** JSON on stdout, in the place of text. */
  readonly json?: boolean | undefined;
  readonly act: ReviewsAct;
}
