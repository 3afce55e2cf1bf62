import { ApiClient } from '../client/api-client.ts';
import type { CommandIo } from '../client/command-io.ts';
import { runCommand } from '../client/command-run.ts';
import { EXIT } from '../client/exit-code.ts';
import { Refused } from '../client/failures.ts';
import { logIn, warnInTheClear } from '../client/log-in.ts';
import { waitText } from '../client/retry.ts';
import { serviceUrls } from '../client/service-urls.ts';
import { Terminal } from '../client/terminal.ts';
import { ReviewClient } from './review-client.ts';
import { reviewLine, reviewText } from './review-text.ts';
import type { ReviewsAct, ReviewsOptions } from './reviews-options.ts';
import type { ReviewsWorld } from './reviews-world.ts';
import { watchReviews } from './watch-reviews.ts';

/** The demo account that reviews what agents want. */
const DEMO_REVIEWER = 'supervisor1';

/**
 * `holdfast reviews`: shows what agents ask persons, and decides it. By a person's login alone.
 *
 * @returns the exit code: 0; 1 for a refusal, such as of a review that somebody has decided; 2 wrong usage;
 *   3 unreachable; 130.
 */
export function runReviews(options: ReviewsOptions, io: CommandIo): Promise<number> {
  return runCommand(io, async () => {
    const terminal = new Terminal(io);
    const urls = serviceUrls(options);
    const who = { ...options, demoUser: DEMO_REVIEWER };
    warnInTheClear(who, urls, terminal);
    const login = await logIn(who, urls, io, (notice) => terminal.say(waitText(notice)));
    const reviews = new ReviewClient(new ApiClient(urls, io.clock, login));
    try {
      return await perform(options.act, { reviews, io, terminal, json: options.json === true });
    } finally {
      await login.close();
    }
  });
}

async function perform(act: ReviewsAct, world: ReviewsWorld): Promise<number> {
  const { reviews, terminal, json } = world;
  switch (act.kind) {
    case 'list': {
      const found = await reviews.list(act.status, act.limit);
      if (json) await terminal.showJson(found.map(({ value }) => value));
      else for (const review of found) await terminal.show(`${reviewLine(review)}\n`);
      if (found.length === 0 && !json) terminal.say('[no reviews]');
      return EXIT.done;
    }
    case 'show': {
      const review = await reviews.read(act.id);
      if (json) await terminal.showJson(review.value);
      else await terminal.show(`${reviewText(review, true)}\n`);
      return EXIT.done;
    }
    case 'decide':
      return decideAll(act, world);
    case 'watch':
      return watchReviews(world);
  }
}

/** Decides one after the other; what is refused of one does not keep the others from being decided. */
async function decideAll(
  { ids, decision, comment }: Extract<ReviewsAct, { kind: 'decide' }>,
  { reviews, terminal, json }: ReviewsWorld,
): Promise<number> {
  let code: number = EXIT.done;
  for (const id of ids) {
    try {
      const { status, notice } = await reviews.decide(id, decision, comment);
      if (json)
        await terminal.showJson({ id, status, resolved: true, ...(notice === undefined ? {} : { notice }) });
      else await terminal.show(`${id}  ${status}\n`);
      if (notice !== undefined && !json) terminal.say(`[${notice}]`);
    } catch (error) {
      if (!(error instanceof Refused) || ![404, 409].includes(error.status)) throw error;
      code = EXIT.no;
      if (json) await terminal.showJson({ id, resolved: false, code: error.code, message: error.message });
      else terminal.say(`${id}: ${error.message}`);
    }
  }
  return code;
}
