import { expect } from 'chai';
import { ECHO } from '../../../../src/adapters/inbound/ws/mux/kinds/echo.ts';
import type { Kind, SessionOut } from '../../../../src/adapters/inbound/ws/mux/kinds/kind.ts';
import { anna, MuxWorld } from '../../../support/mux-world.ts';

const officer = { ...anna(), role: 'supervisor' } as const;

describe('what a session is told', () => {
  let outs: SessionOut[];
  let world: MuxWorld;

  beforeEach(() => {
    outs = [];
    const mirror: Kind = {
      ...ECHO,
      name: 'mirror',
      permission: 'chat.observe',
      open: (opening, out) => {
        outs.push(out);
        return ECHO.open(opening, out);
      },
    };
    world = new MuxWorld({}, [ECHO, mirror]);
    world.credentials.set('as supervisor', officer);
  });

  it('is not told by a credential that may not open it: it is closed with 4403 in its place, alone', async () => {
    const client = world.connect(undefined, officer);
    const { at, handle } = await world.open(client, { kind: 'mirror' });
    const sibling = await world.open(client, { kind: 'mirror' });
    await outs[0]?.event(1, Buffer.from('"by the first"'));
    await world.settle();
    client.send(at, 'AUTH', { credential: 'as a user' });
    await world.settle();
    await outs[0]?.event(2, Buffer.from('"not for him"'));
    await outs[1]?.event(1, Buffer.from('"undisturbed"'));
    await world.settle();
    expect(client.on(handle, 'EVENT').map(({ offset }) => offset)).to.deep.equal([1]);
    expect(client.on(handle, 'CLOSE').map(({ json }) => json.code)).to.deep.equal([4403]);
    expect(client.on(sibling.handle, 'EVENT')).to.have.length(1);
  });

  it('is told again after one that may, when nothing came meanwhile', async () => {
    const client = world.connect(undefined, officer);
    const { at, handle } = await world.open(client, { kind: 'mirror' });
    client.send(at, 'AUTH', { credential: 'as a user' });
    client.send(at, 'AUTH', { credential: 'as supervisor' });
    await world.settle();
    await outs[0]?.event(1, Buffer.from('"for her"'));
    await world.settle();
    expect(client.on(handle, 'EVENT')).to.have.length(1);
    expect(client.on(handle, 'CLOSE')).to.deep.equal([]);
  });
});
