import { expect } from 'chai';
import { ReviewerNames } from '../../../src/application/control/reviews/reviewer-names.ts';
import type { DirectoryEntry } from '../../../src/application/ports/identity/principal-directory.ts';
import { user } from '../../support/ledger-builders.ts';

describe('the names of reviewers', () => {
  const asked: string[] = [];
  let isAway = false;
  const resolve = async (id: string): Promise<DirectoryEntry | undefined> => {
    asked.push(id);
    if (isAway) throw new Error('auth is away');
    return id === user(1) ? ({ userId: id, username: 'ann' } as DirectoryEntry) : undefined;
  };
  beforeEach(() => {
    asked.length = 0;
    isAway = false;
  });

  it('are asked for once', async () => {
    const names = new ReviewerNames({ directory: { resolve } });
    expect(await names.of({ resolvedBy: user(1) })).to.equal('ann');
    expect(await names.of({ resolvedBy: user(1) })).to.equal('ann');
    expect(asked).to.have.length(1);
  });

  it('are none where the server decided, or the account is gone', async () => {
    const names = new ReviewerNames({ directory: { resolve } });
    expect(await names.of({})).to.equal(undefined);
    expect(await names.of({ resolvedBy: user(2) })).to.equal(undefined);
  });

  it('keep no review from being read while auth is away, and are there once it is back', async () => {
    const names = new ReviewerNames({ directory: { resolve } });
    isAway = true;
    expect(await names.of({ resolvedBy: user(1) })).to.equal(undefined);
    isAway = false;
    expect(await names.of({ resolvedBy: user(1) })).to.equal('ann');
  });
});
