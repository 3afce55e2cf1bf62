import { expect } from 'chai';
import { SETTLE_MS } from '../../../../src/adapters/inbound/cli/reviews/deciding.ts';
import type { ReviewsOptions } from '../../../../src/adapters/inbound/cli/reviews/reviews-options.ts';
import { runReviews } from '../../../../src/adapters/inbound/cli/reviews/run-reviews.ts';
import { reviewIdOf } from '../../../support/agent-event-builders.ts';
import { type ControlService, controlService, LLM_EVENT } from '../../../support/control-service.ts';
import { eventually } from '../../../support/eventually.ts';
import { FakeCommandIo } from '../../../support/fake-command-io.ts';
import { independentPairedEvent } from '../../../support/independent-wire.ts';

describe('holdfast reviews', function () {
  this.timeout(20_000);
  let service: ControlService;
  let io: FakeCommandIo;
  const now = { receivedAtMs: Date.now() };
  beforeEach(async () => {
    service = await controlService();
    io = new FakeCommandIo();
  });
  afterEach(() => service.close());

  const run = (act: ReviewsOptions['act'], options: Partial<ReviewsOptions> = {}): Promise<number> =>
    runReviews({ url: service.urls.chat, act, ...options }, io);
  const list = { kind: 'list', status: 'pending', limit: 100 } as const;
  const statusOf = async (number: number) =>
    (await service.store.findByReview(reviewIdOf(number)))?.review?.status;

  it('lists what is asked, newest first, a review a line', async () => {
    await service.ask(1, now);
    await service.ask(2, now);
    expect(await run(list)).to.equal(0);
    const time = new Date(now.receivedAtMs).toISOString();
    expect(io.stdout.text).to.equal(
      [2, 1]
        .map(
          (number) =>
            `${reviewIdOf(number)}  pending   ${time}  M4.a  agent-1 (calls itself night-watch)  sess-1  shell, notify\n`,
        )
        .join(''),
    );
  });

  it('goes through all pages, and gives them as one JSON document', async () => {
    for (let number = 1; number <= 45; number += 1) await service.ask(number, now);
    expect(await run({ ...list, limit: 41 }, { json: true })).to.equal(0);
    const ids = JSON.parse(io.stdout.text).map(({ id }: { id: string }) => id);
    expect(ids).to.deep.equal(Array.from({ length: 41 }, (_, index) => reviewIdOf(45 - index)));
  });

  it('names an agent by its key, and what it calls itself only beside that', async () => {
    for (const [number, agentId] of ['agent-1', '', 'agent-2'].entries()) {
      await service.ask(number + 1, { ...now, claims: { agentId } });
    }
    await run(list);
    const agents = io.stdout.text.split('\n').map((line) => line.split('  ')[4]);
    expect(agents.slice(0, 3)).to.deep.equal(['agent-1 (calls itself agent-2)', 'agent-1', 'agent-1']);
  });

  it('shows one whole, and no line of it can pass for the command’s own', async () => {
    const args = '{"command":"true"}\n  decided   approved by u_1\u001b[2J';
    const toolCalls = [{ name: 'shell\n[rev-1: approved]', args }];
    const llm = { ...LLM_EVENT.llm, toolCalls, reasoning: 'They will not look.\n  decided   approved' };
    const bytes = independentPairedEvent({ ...LLM_EVENT, llm });
    await service.ask(1, { ...now, bytes });
    io.stdout.isTTY = true;
    expect(await run({ kind: 'show', id: reviewIdOf(1) })).to.equal(0);
    const lines = io.stdout.text.split('\n');
    expect(lines).to.include('  wants     shell\\u{a}[rev-1: approved]');
    expect(lines).to.include('    |   decided   approved by u_1\\u{1b}[2J');
    expect(lines).to.include('    | Make room on the disk.');
    expect(lines.slice(lines.indexOf('  thought')).slice(0, 3)).to.deep.equal([
      '  thought',
      '    | They will not look.',
      '    |   decided   approved',
    ]);
    expect(lines.filter((line) => line.startsWith('  decided'))).to.deep.equal([]);
  });

  it('decides each that is named, and ends with 1 when one of them was decided already', async () => {
    await service.ask(1, now);
    await service.ask(2, now);
    const decide = { kind: 'decide', decision: 'approve', comment: 'Known host.' } as const;
    expect(await run({ ...decide, ids: [reviewIdOf(1)] })).to.equal(0);
    expect(io.stdout.text).to.equal(`${reviewIdOf(1)}  approved\n`);
    expect(await run({ ...decide, decision: 'reject', ids: [reviewIdOf(1), reviewIdOf(2)] })).to.equal(1);
    expect(io.stderr.text).to.contain(`${reviewIdOf(1)}: review already resolved\n`);
    expect([await statusOf(1), await statusOf(2)]).to.deep.equal(['approved', 'rejected']);
    const [approved] = await service.acts('review.approved');
    expect(approved).to.have.property('actor').that.matches(/^u_/);
  });

  it('is for reviewers alone', async () => {
    expect(await run(list, { user: 'user1' })).to.equal(1);
    expect(io.stdout.text).to.equal('');
  });

  it('is out of reach when nothing listens', async () => {
    expect(await runReviews({ url: 'http://127.0.0.1:9', act: list }, io)).to.equal(3);
  });

  describe('watch', () => {
    it('writes every change as a JSON document a line into a pipe, until Ctrl-C', async () => {
      await service.ask(1, now);
      const running = run({ kind: 'watch' }, { json: true });
      await io.stdout.until(reviewIdOf(1));
      await service.ask(2, now);
      await io.stdout.until(reviewIdOf(2));
      const tab = await service.tab('supervisor1');
      await tab.send('POST', `/api/reviews/${reviewIdOf(1)}/approve`);
      await io.stdout.until('approved');
      io.interrupt();
      expect(await running).to.equal(130);
      const told = io.stdout.text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
      expect(told.map(({ id, status }) => [id, status])).to.deep.equal([
        [reviewIdOf(1), 'pending'],
        [reviewIdOf(2), 'pending'],
        [reviewIdOf(1), 'approved'],
      ]);
      expect(told[1].event.llm.toolCalls[0].name).to.equal('shell');
    });

    const atTerminal = (): Promise<number> => {
      io.stdin.isTTY = true;
      io.stdout.isTTY = true;
      return run({ kind: 'watch' });
    };
    /** Types once the review before the person's eyes has been there long enough. */
    const type = (text: string): void => {
      io.clock.advance(SETTLE_MS);
      io.stdin.write(text);
    };

    it('lets whoever sits at a terminal decide by a key, the one that waited longest first', async () => {
      await service.ask(1, now);
      await service.ask(2, now);
      const running = atTerminal();
      await io.stdout.until(reviewIdOf(1));
      type('a');
      await io.stderr.until(`[${reviewIdOf(1)}: approved]`);
      await io.stdout.until(`\n${reviewIdOf(2)}`);
      type('R');
      await io.stderr.until('comment: ');
      io.stdin.write('Not on a Friday.\r');
      await io.stderr.until(`[${reviewIdOf(2)}: rejected]`);
      await io.stderr.until('[nothing is asked; waiting]');
      type('q');
      expect(await running).to.equal(0);
      expect(await service.store.findByReview(reviewIdOf(2))).to.have.nested.property(
        'review.comment',
        'Not on a Friday.',
      );
    });

    it('decides nothing when the person leaves the comment by Ctrl-C or Ctrl-D instead of sending it', async () => {
      await service.ask(1, now);
      const running = atTerminal();
      await io.stdout.until(reviewIdOf(1));
      for (const [times, leave] of ['\u0003', '\u0004'].entries()) {
        type('A');
        await eventually(async () =>
          expect(io.stderr.text.split('comment: ').length).to.be.greaterThan(times + 1),
        );
        io.stdin.write(leave);
        await eventually(async () =>
          expect(io.stderr.text.split(`[${reviewIdOf(1)}: not decided]`)).to.have.length(times + 2),
        );
        expect(await statusOf(1)).to.equal('pending');
      }
      type('q');
      expect(await running).to.equal(0);
    });

    it('takes no key for a review that came before the person’s eyes just now', async () => {
      await service.ask(1, now);
      const running = atTerminal();
      await io.stdout.until(reviewIdOf(1));
      io.stdin.write('a');
      io.clock.advance(SETTLE_MS);
      io.stdin.write('q');
      expect(await running).to.equal(0);
      expect(await statusOf(1)).to.equal('pending');
    });

    it('moves on from a review that somebody else decides', async () => {
      await service.ask(1, now);
      const running = atTerminal();
      await io.stdout.until(reviewIdOf(1));
      const tab = await service.tab('admin');
      await tab.send('POST', `/api/reviews/${reviewIdOf(1)}/reject`);
      await io.stderr.until(`[${reviewIdOf(1)}: rejected by admin`);
      type('\u0003');
      expect(await running).to.equal(130);
    });

    it('puts off what the person is not ready for', async () => {
      await service.ask(1, now);
      await service.ask(2, now);
      const running = atTerminal();
      await io.stderr.until('[one more waits: 2 in all]');
      type('l');
      await io.stdout.until(`\n${reviewIdOf(2)}`);
      type('q');
      expect(await running).to.equal(0);
    });
  });
});
