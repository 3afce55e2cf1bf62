import { expect } from 'chai';
import { CONFLICTS, ConflictThrottle } from '../../../src/adapters/inbound/control/conflict-throttle.ts';
import { MemoryAttemptCounters } from '../../../src/adapters/outbound/memory/identity/memory-attempt-counters.ts';
import type { AttemptCounter } from '../../../src/application/ports/identity/attempt-counters.ts';
import { PortError } from '../../../src/application/ports/port-error.ts';
import { DomainError } from '../../../src/domain/domain-error.ts';
import type { ApiKeyId } from '../../../src/domain/identity/ids.ts';
import type { AgentPrincipal } from '../../../src/domain/identity/principal.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const HOME = '192.0.2.0/24';
const keyed = (id: string): AgentPrincipal => ({
  kind: 'agent',
  apiKeyId: id as ApiKeyId,
  scopes: ['control'],
});
const INTRUDER = keyed('intruder');

describe('whoever asks for sessions of others again and again', () => {
  let clock: ManualClock;
  let atWork: Set<string>;
  let throttle: ConflictThrottle;
  beforeEach(() => {
    clock = new ManualClock();
    atWork = new Set();
    const conflicts = new MemoryAttemptCounters({ clock }).open({ name: 'control-conflicts', ...CONFLICTS });
    throttle = new ConflictThrottle({
      conflicts,
      isAtWork: async ({ apiKeyId }) => atWork.has(apiKeyId),
    });
  });

  const conflict = async (times: number, network = HOME): Promise<void> => {
    for (let time = 0; time < times; time += 1) await throttle.count(INTRUDER, network);
  };
  const refusal = (principal = INTRUDER, network = HOME): Promise<unknown> =>
    throttle.require(principal, network).then(
      () => undefined,
      (error: unknown) => error,
    );

  it('is let in after two conflicts, and waits out the minute after the third', async () => {
    await conflict(CONFLICTS.limit - 1);
    expect(await refusal()).to.equal(undefined);
    clock.advance(1_000);
    await conflict(1);
    const refused = (await refusal()) as DomainError;
    expect(refused).to.be.instanceOf(DomainError).and.include({ code: 'connection.throttled' });
    expect(refused.details).to.deep.include({ retryAfterMs: CONFLICTS.windowMs - 1_000 });
    clock.advance(CONFLICTS.windowMs - 1_000);
    expect(await refusal()).to.equal(undefined);
  });

  it('is counted by key and network together', async () => {
    await conflict(CONFLICTS.limit);
    expect(await refusal(INTRUDER, '198.51.100.0/24')).to.equal(undefined);
    expect(await refusal(keyed('neighbour'))).to.equal(undefined);
  });

  it('is never kept out while the agent of the key is at work', async () => {
    await conflict(CONFLICTS.limit);
    atWork.add(INTRUDER.apiKeyId);
    expect(await refusal()).to.equal(undefined);
    atWork.clear();
    expect(await refusal()).to.be.instanceOf(DomainError);
  });

  it('is let in where conflicts could not be counted, and refused where nobody can say', async () => {
    const away = async (): Promise<never> => {
      throw new PortError('unavailable', 'redis', 'away');
    };
    const conflicts = { count: away, look: away } as unknown as AttemptCounter;
    const blind = new ConflictThrottle({ conflicts, isAtWork: async () => false });
    await blind.count(INTRUDER, HOME);
    const error = await blind.require(INTRUDER, HOME).catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(PortError);
  });
});
