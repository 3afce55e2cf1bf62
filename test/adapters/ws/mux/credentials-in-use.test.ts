import { expect } from 'chai';
import { CredentialsInUse } from '../../../../src/adapters/inbound/ws/mux/credentials-in-use.ts';
import { anna } from '../../../support/mux-world.ts';

const names = (inUse: ReadonlyArray<{ readonly holders: ReadonlySet<string> }>): string[][] =>
  inUse.map(({ holders }) => [...holders]);

describe('the credentials in use', () => {
  it('know what each holds open, until it is closed or opened by another', () => {
    const inUse = new CredentialsInUse<string>();
    const a = inUse.hold('a', anna('one'));
    const b = inUse.hold('b', anna('one'));
    inUse.hold('c', anna('two'));
    expect(inUse.holdersOf(anna('one'))).to.deep.equal(['a', 'b']);
    const moved = inUse.hold('b', anna('two'), b);
    expect(inUse.hold('b', anna('two'), moved)).to.equal(moved);
    inUse.release('a', a);
    inUse.release('a', a);
    expect(inUse.holdersOf(anna('one'))).to.deep.equal([]);
    expect(names([...inUse.all()]), 'nothing is kept of who holds nothing').to.deep.equal([['c', 'b']]);
  });

  it('have their turns a few at a time, however many sessions each holds', () => {
    const inUse = new CredentialsInUse<string>();
    for (let login = 0; login < 5; login += 1) {
      for (let session = 0; session < 1_000; session += 1) {
        inUse.hold(`${login}-${session}`, anna(`${login}`));
      }
    }
    const logins = (limit: number): unknown[] =>
      inUse.next(limit).map(({ principal }) => principal.kind === 'user' && principal.loginSessionId);
    expect(logins(2)).to.deep.equal(['0', '1']);
    const third = inUse.hold('2-0', anna('2'));
    for (let session = 0; session < 1_000; session += 1) inUse.release(`2-${session}`, third);
    inUse.hold('new', anna('new'));
    expect(logins(3), 'who is gone is passed, who is new has his turn').to.deep.equal(['3', '4', 'new']);
    expect(logins(3)).to.deep.equal([]);
    expect(logins(2)).to.deep.equal(['0', '1']);
  });
});
