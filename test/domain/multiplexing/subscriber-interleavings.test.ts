import { expect } from 'chai';
import fc from 'fast-check';
import { DomainError } from '../../../src/domain/domain-error.ts';
import { type Fence, Subscriber } from '../../../src/domain/multiplexing/subscriber.ts';
import { MAX_PREVIOUS_TOKENS } from '../../../src/domain/multiplexing/subscriber-state.ts';
import { T0 } from '../../support/ledger-builders.ts';
import { aClaim, owner, place, tokenHash } from '../../support/subscriber-builders.ts';

const LEASE_MS = 1_000;

/** What anybody may try next. `who` is an owner, `token` one of those that were ever given out, the last one first. */
type Step =
  | { readonly do: 'resume'; readonly who: number; readonly token: number }
  | { readonly do: 'confirm' | 'detach' | 'release'; readonly by: number }
  | { readonly do: 'die' }
  | { readonly do: 'wait'; readonly ms: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('resume' as const),
      who: fc.constantFrom(1, 1, 1, 2),
      token: fc.nat(4),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('confirm' as const, 'detach'), by: fc.nat(3) }) },
  fc.record({ do: fc.constant('release' as const), by: fc.nat(3) }),
  fc.record({ do: fc.constant('die' as const) }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.oneof(fc.nat(200), fc.nat(1_200)) }),
);

/** One session, and what must be true of it by the words of the protocol alone. */
class Course {
  subscriber = Subscriber.claim(undefined, aClaim({ leaseMs: LEASE_MS, tokenSha256: tokenHash('0') }), {
    nowMs: T0,
    mark: 'mark-0',
  }).subscriber;
  nowMs = T0;
  steps = 0;
  /** Every token that was given out, the last one last. */
  readonly tokens = [tokenHash('0')];
  /** What its client may have read last beside the newest, until it was heard: the one that was shown last comes first. */
  grace: readonly string[] = [];
  /** Every connection that ever held it, the last one last. */
  readonly fences: Fence[] = [{ connection: 'connection-1', epoch: 1 }];
  isAttached = true;
  leftAtMs = 0;
  isReleased = false;

  get isOver(): boolean {
    return this.isReleased || (!this.isAttached && this.nowMs >= this.leftAtMs + LEASE_MS);
  }

  take(next: Step): void {
    this.steps += 1;
    if (next.do === 'wait') this.nowMs += next.ms;
    else if (next.do === 'resume') this.#resume(next.who, this.tokens.at(-1 - next.token));
    else if (next.do === 'die') this.#left(this.subscriber.detachNode('node-1', this.#to()));
    else this.#act(next.do, this.fences.at(-1 - next.by));
    this.#check();
  }

  #to() {
    return { nowMs: this.nowMs, mark: `mark-${this.steps}` };
  }

  #resume(who: number, token = tokenHash('a guess')): void {
    const next = tokenHash(`${this.steps}`);
    const connection = this.steps + 1;
    const mayPass = who === 1 && !this.isOver && (token === this.tokens.at(-1) || this.grace.includes(token));
    const attempt = {
      owner: owner(who),
      kind: 'chat',
      holder: place(connection),
      tokenSha256: token,
      nextTokenSha256: next,
    };
    try {
      const outcome = Subscriber.resume(this.subscriber, attempt, this.#to());
      expect(mayPass, 'let in').to.equal(true);
      expect(outcome.kind).to.equal(this.isAttached ? 'took-over' : 'resumed');
      this.subscriber = outcome.subscriber;
      const newest = this.tokens.at(-1) as string;
      const others = token === newest ? [] : [newest, ...this.grace.filter((other) => other !== token)];
      this.grace = [token, ...others].slice(0, MAX_PREVIOUS_TOKENS);
      this.tokens.push(next);
      this.fences.push({ connection: `connection-${connection}`, epoch: this.fences.length + 1 });
      this.isAttached = true;
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      expect(mayPass, 'refused').to.equal(false);
      expect(error.code).to.equal('subscriber.owned_by_other');
    }
  }

  #act(
    what: 'confirm' | 'detach' | 'release',
    fence: Fence = { connection: 'connection-0', epoch: 0 },
  ): void {
    const isHolder = this.isAttached && !this.isReleased && fence === this.fences.at(-1);
    const changed =
      what === 'release'
        ? this.subscriber.release(this.#to(), fence)
        : this.subscriber[what](fence, this.#to());
    expect(changed !== undefined, `${what} by its holder alone`).to.equal(isHolder);
    if (changed === undefined) return;
    if (what === 'detach') this.#left(changed);
    this.subscriber = changed;
    if (what === 'confirm') this.grace = [];
    if (what === 'release') this.isReleased = true;
  }

  #left(changed: Subscriber | undefined): void {
    expect(changed !== undefined).to.equal(this.isAttached && !this.isReleased);
    if (changed === undefined) return;
    this.subscriber = changed;
    this.isAttached = false;
    this.leftAtMs = this.nowMs;
  }

  #check(): void {
    expect(this.subscriber.isExpiredAt(this.nowMs)).to.equal(this.isOver);
    const { owner: whose, kind, params, id } = this.subscriber.snapshot();
    expect({ whose, kind, params, id }).to.deep.equal({
      whose: owner(1),
      kind: 'chat',
      params: aClaim().params,
      id: aClaim().id,
    });
    this.fences.forEach((fence, index) => {
      const isLast = index === this.fences.length - 1;
      expect(this.subscriber.isHeldBy(fence)).to.equal(isLast && this.isAttached && !this.isReleased);
    });
  }
}

describe('a session through any course of resumes, disconnects, deaths and thefts', () => {
  it('is held by the last who showed the right token as its owner, and heard from nobody else', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (course) => {
        const session = new Course();
        for (const next of course) session.take(next);
      }),
      { numRuns: 1_000 },
    );
  });
});
