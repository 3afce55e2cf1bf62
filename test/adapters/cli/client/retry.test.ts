import { expect } from 'chai';
import fc from 'fast-check';
import { ProtocolFault, Refused, Unreachable } from '../../../../src/adapters/inbound/cli/client/failures.ts';
import { MAX_TRIES, patiently, waitAfter } from '../../../../src/adapters/inbound/cli/client/retry.ts';
import { FakeCommandIo } from '../../../support/fake-command-io.ts';

const refused = (status: number, retryAfterMs?: number): Refused =>
  new Refused({ status, code: 'some.code', sentence: 'No', retryAfterMs });

async function triesOf(error: Error): Promise<number> {
  let tries = 0;
  const world = new FakeCommandIo();
  const attempt = (): Promise<never> => {
    tries += 1;
    return Promise.reject(error);
  };
  await patiently(world, attempt).catch((thrown: unknown) => expect(thrown).to.equal(error));
  return tries;
}

describe('the retry policy', () => {
  it('tries six times after network errors, 429 and 503', async () => {
    for (const error of [new Unreachable('gone'), refused(429), refused(503)]) {
      expect(await triesOf(error))
        .to.equal(MAX_TRIES)
        .and.to.equal(6);
    }
  });

  it('tries once after any other refusal', async () => {
    for (const status of [400, 401, 402, 403, 404, 409, 422, 500, 502, 504]) {
      expect(await triesOf(refused(status)), `${status}`).to.equal(1);
    }
    expect(await triesOf(new ProtocolFault('what?'))).to.equal(1);
  });

  it('waits longer from try to try, by chance between half and all of it, and never less than it is asked to', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        fc.option(fc.integer({ min: 0, max: 50_000 }), { nil: undefined }),
        (failed, fraction, askedMs) => {
          const ids = { ...new FakeCommandIo().ids, fraction: () => fraction };
          const full = Math.min(8_000, 500 * 2 ** (failed - 1));
          const waitMs = waitAfter(failed, refused(503, askedMs), ids);
          expect(waitMs).to.be.at.least(Math.max(full / 2, askedMs ?? 0));
          expect(waitMs).to.be.at.most(Math.max(full, askedMs ?? 0));
        },
      ),
    );
  });

  it('does not wait for ever because a server asks for it', () => {
    expect(waitAfter(1, refused(503, 86_400_000), new FakeCommandIo().ids)).to.equal(60_000);
  });
});
