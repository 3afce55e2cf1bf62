import { expect } from 'chai';
import { checkAgentEvents } from '../../../src/application/doctor/check-agent-events.ts';
import { Findings } from '../../../src/application/doctor/findings.ts';
import type { StorePicture } from '../../../src/application/ports/store-inspection.ts';
import type { AgentEventState } from '../../../src/domain/control/agent-event-state.ts';
import { anAgentEvent, anAskingEvent, REVIEW_MS, resolvedEvent } from '../../support/agent-event-builders.ts';

const TEN_MINUTES_MS = 600_000;

async function found(states: readonly AgentEventState[]): Promise<string[]> {
  const findings = new Findings();
  const picture = {
    agentEvents: async function* () {
      yield states.map((value) => ({ row: value.id, value }));
    },
  };
  await checkAgentEvents(picture as unknown as StorePicture, findings);
  return findings.found.map(({ promise, row }) => `${promise} ${row}`);
}

describe("the doctor's look at reviews", () => {
  const asking = anAskingEvent(1);
  const deadlineMs = 1 + REVIEW_MS;

  it('names one that waits although events have come for minutes since its deadline', async () => {
    const first = anAgentEvent(deadlineMs + 1);
    const last = anAgentEvent(deadlineMs + 1 + TEN_MINUTES_MS + 1);
    expect(await found([asking, first, last])).to.deep.equal([`review.deadline ${asking.id}`]);
    expect(await found([resolvedEvent(asking, 'expired'), first, last])).to.deep.equal([]);
  });

  it('says nothing of those that wait in a store that nobody has served since', async () => {
    expect(await found([asking])).to.deep.equal([]);
    expect(await found([asking, anAgentEvent(deadlineMs - 1)])).to.deep.equal([]);
    const muchLater = 10 * TEN_MINUTES_MS;
    const again = [anAgentEvent(deadlineMs + muchLater), anAgentEvent(deadlineMs + muchLater + 1_000)];
    expect(await found([asking, ...again]), 'the first of them has only just come').to.deep.equal([]);
  });
});
