import { EXIT } from '../client/exit-code.ts';
import { Deciding } from './deciding.ts';
import { type OpenNews, OpenReviews } from './open-reviews.ts';
import { reviewLine } from './review-text.ts';
import type { ReviewsWorld } from './reviews-world.ts';

/**
 * Shows what agents ask as they ask it. On a terminal whoever sits there decides by a key; into a pipe every change is a
 * line, or a JSON document.
 *
 * @returns the exit code: 0 when he leaves, or nobody reads any more; 130 at Ctrl-C.
 */
export async function watchReviews(world: ReviewsWorld): Promise<number> {
  const { reviews, io, terminal, json } = world;
  const leaving = new AbortController();
  const leave = (code: number): void => leaving.abort(code);
  const forget = io.onInterrupt(() => leave(EXIT.interrupted));
  const open = new OpenReviews(reviews, { io, terminal });
  const isTalk = io.stdin.isTTY === true && io.stdout.isTTY === true && !json;
  const deciding = isTalk ? new Deciding(world, leave) : undefined;
  try {
    await open.follow(leaving.signal, async (news) => {
      if (deciding !== undefined) return deciding.hear(news);
      if (!(await tell(world, news))) leave(EXIT.done);
    });
  } catch (error) {
    if (!leaving.signal.aborted) throw error;
  } finally {
    deciding?.close();
    forget();
  }
  return Number(leaving.signal.reason);
}

/** False once nobody reads any more. */
async function tell({ terminal, json }: ReviewsWorld, news: OpenNews): Promise<boolean> {
  if (json) {
    const value = news.kind === 'gone' ? { id: news.id, status: 'gone' } : news.review.value;
    return terminal.show(`${JSON.stringify(value)}\n`);
  }
  if (news.kind === 'gone') return terminal.show(`${news.id}  gone\n`);
  return terminal.show(`${reviewLine(news.review)}\n`);
}
