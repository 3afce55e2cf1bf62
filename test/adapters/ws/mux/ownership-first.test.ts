import { expect } from 'chai';
import { ECHO } from '../../../../src/adapters/inbound/ws/mux/kinds/echo.ts';
import type { Kind } from '../../../../src/adapters/inbound/ws/mux/kinds/kind.ts';
import type { UserId } from '../../../../src/domain/identity/ids.ts';
import { anna, MuxWorld } from '../../../support/mux-world.ts';
import { BERT } from '../../../support/stream-builders.ts';

const MIRROR: Kind = { ...ECHO, name: 'mirror', permission: 'chat.observe' };

const officer = () => ({ ...anna('login-of-bert'), userId: BERT as UserId, role: 'supervisor' as const });

describe('a resume of a kind that the caller may not open', () => {
  it('is refused as another’s where the session is another’s, which tells nothing of what it is', async () => {
    const world = new MuxWorld({}, [ECHO, MIRROR]);
    const { sessionId, resumeToken } = await world.open(world.connect(undefined, officer()), {
      kind: 'mirror',
    });
    const thief = world.connect();
    for (const [ref, kind] of [
      ['1', 'mirror'],
      ['2', 'echo'],
    ]) {
      thief.send(undefined, 'OPEN', { ref, kind, resume: { sessionId, token: resumeToken, offset: 0 } });
      await world.settle();
      expect(thief.received.find(({ json }) => json?.ref === ref)?.json).to.deep.equal({
        code: 'session.owned_by_other',
        message: 'This session is not yours to take',
        ref,
      });
    }
  });

  it('is forbidden to its owner, who can take it back with what still permits it', async () => {
    const world = new MuxWorld({}, [ECHO, MIRROR]);
    const first = world.connect(undefined, officer());
    const { sessionId, resumeToken } = await world.open(first, { kind: 'mirror' });
    const demoted = world.connect(undefined, { ...officer(), role: 'user' });
    const resume = { sessionId, token: resumeToken, offset: 0 };
    demoted.send(undefined, 'OPEN', { ref: 'r', kind: 'mirror', resume });
    await world.settle();
    expect(demoted.received.find(({ json }) => json?.ref === 'r')?.json.code).to.equal('session.forbidden');
    const back = await world.open(world.connect(undefined, officer()), { kind: 'mirror', resume });
    expect(back.sessionId).to.equal(sessionId);
  });
});
