import { expect } from 'chai';
import { PAGE_BYTES } from '../../../src/application/control/event-pages.ts';
import { ReadEvents } from '../../../src/application/control/read-events.ts';
import { ReadReviews } from '../../../src/application/control/reviews/read-reviews.ts';
import {
  agent,
  anAgentEvent,
  anAskingEvent,
  eventIdOf,
  resolvedEvent,
  reviewIdOf,
} from '../../support/agent-event-builders.ts';
import { ControlDesk } from '../../support/control-desk.ts';
import { user } from '../../support/ledger-builders.ts';
import { codeOf } from '../../support/refusals.ts';

const READER = { reader: user(1), requestId: 'request-1' };

describe("reading agents' events", () => {
  let desk: ControlDesk;
  let events: ReadEvents;
  beforeEach(() => {
    desk = new ControlDesk();
    events = new ReadEvents(desk);
  });

  it('goes through all of them by pages, each once, the newest first', async () => {
    await desk.keep(...Array.from({ length: 7 }, (_, number) => anAgentEvent(number)));
    const seen: string[] = [];
    let after: string | undefined;
    do {
      const page = await events.execute({ ...READER, limit: 3, ...(after === undefined ? {} : { after }) });
      seen.push(...page.events.map(({ claims }) => claims.eventId));
      after = page.next;
    } while (after !== undefined);
    expect(seen).to.deep.equal([6, 5, 4, 3, 2, 1, 0].map((number) => `event-${number}`));
  });

  it('ends a page before it becomes too large, and goes on behind it', async () => {
    const bytes = Buffer.alloc(PAGE_BYTES / 2 + 1);
    await desk.keep(anAgentEvent(1, { bytes }), anAgentEvent(2, { bytes: Buffer.from([...bytes, 1]) }));
    const page = await events.execute({ ...READER, limit: 10 });
    expect(page.events.map(({ id }) => id)).to.deep.equal([eventIdOf(2)]);
    expect(page.next).to.equal(eventIdOf(2));
    const last = await events.execute({ ...READER, limit: 10, after: eventIdOf(2) });
    expect(last.events.map(({ id }) => id)).to.deep.equal([eventIdOf(1)]);
    expect(last.next).to.equal(undefined);
  });

  it('finds one by the server’s id, and the newest by the agent’s own', async () => {
    await desk.keep(
      anAgentEvent(1, { claims: { eventId: 'twice' } }),
      anAgentEvent(2, { claims: { eventId: 'twice' } }),
      anAgentEvent(3, { owner: agent(2), claims: { eventId: 'twice' } }),
    );
    const idOf = async (id: string, owner?: ReturnType<typeof agent>) =>
      (await events.one({ ...READER, id, ...(owner === undefined ? {} : { owner }) })).id;
    expect(await idOf(eventIdOf(1))).to.equal(eventIdOf(1));
    expect(await idOf('twice')).to.equal(eventIdOf(3));
    expect(await idOf('twice', agent(1))).to.equal(eventIdOf(2));
    expect(await codeOf(() => idOf(eventIdOf(1), agent(2)))).to.equal('event.not_found');
    expect(await codeOf(() => idOf('never'))).to.equal('event.not_found');
  });

  it('shows a session in the order of what happened, and nothing of the same id of another owner', async () => {
    await desk.keep(anAgentEvent(1), anAgentEvent(2, { owner: agent(2) }), anAgentEvent(3));
    const page = await events.timeline({ ...READER, sessionId: 'sess-1', owner: agent(1), limit: 10 });
    expect(page.events.map(({ id }) => id)).to.deep.equal([eventIdOf(1), eventIdOf(3)]);
  });

  it('is audited before anything is shown', async () => {
    await desk.keep(anAgentEvent(1));
    await events.execute({ ...READER, limit: 1 });
    await events.one({ ...READER, id: eventIdOf(1) });
    await events.timeline({ ...READER, sessionId: 'sess-1', limit: 1 });
    expect(desk.audit.records.map(({ act, actor, object }) => ({ act, actor, object }))).to.deep.equal(
      [undefined, eventIdOf(1), 'sess-1'].map((object) => ({
        act: 'agent_event.read',
        actor: user(1),
        object,
      })),
    );
    const silent = { act: () => Promise.reject(new Error('away')), refuse: () => undefined };
    const unaudited = new ReadEvents({ ...desk, audit: silent });
    expect(await unaudited.execute({ ...READER, limit: 1 }).catch(() => 'nothing')).to.equal('nothing');
  });

  it('takes no cursor that is none', async () => {
    expect(await codeOf(() => events.execute({ ...READER, limit: 1, after: 'x' }))).to.equal(
      'request.invalid',
    );
  });
});

describe('reading reviews', () => {
  it('shows those of a status, the newest first, and each by its id', async () => {
    const desk = new ControlDesk();
    await desk.keep(anAgentEvent(1), anAskingEvent(2), anAskingEvent(3), anAskingEvent(4));
    await desk.store.put(resolvedEvent(anAskingEvent(3)), anAskingEvent(3).mark);
    const reviews = new ReadReviews(desk);
    const idsOf = async (status?: 'pending' | 'approved') =>
      (await reviews.execute({ limit: 10, ...(status === undefined ? {} : { status }) })).events.map(
        ({ review }) => review?.id,
      );
    expect(await idsOf()).to.deep.equal([reviewIdOf(4), reviewIdOf(3), reviewIdOf(2)]);
    expect(await idsOf('pending')).to.deep.equal([reviewIdOf(4), reviewIdOf(2)]);
    expect(await idsOf('approved')).to.deep.equal([reviewIdOf(3)]);
    expect((await reviews.one(reviewIdOf(2))).id).to.equal(eventIdOf(2));
    expect(await codeOf(() => reviews.one(reviewIdOf(1)))).to.equal('review.not_found');
  });
});
