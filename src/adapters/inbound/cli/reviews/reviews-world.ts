import type { CommandIo } from '../client/command-io.ts';
import type { Terminal } from '../client/terminal.ts';
import type { ReviewClient } from './review-client.ts';

/** What every act of `holdfast reviews` works with. */
export interface ReviewsWorld {
  readonly reviews: ReviewClient;
  readonly io: CommandIo;
  readonly terminal: Terminal;
  readonly json: boolean;
}
