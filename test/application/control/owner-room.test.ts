import { expect } from 'chai';
import { OwnerRoom } from '../../../src/application/control/owner-room.ts';
import { RecordingMetrics } from '../../support/recording-metrics.ts';

const NEVER = new AbortController().signal;
const turn = () => new Promise((resolve) => setImmediate(resolve));

function world(bounds = { events: 3, bytes: 100 }) {
  const metrics = new RecordingMetrics();
  const room = new OwnerRoom({ bounds, metrics });
  const entered: string[] = [];
  const enter = (name: string, bytes = 1, owner = 'a', gone = NEVER): 'at once' | 'waits' => {
    const wait = room.enter(owner, bytes, gone);
    if (wait === undefined) return 'at once';
    void wait.then(
      () => entered.push(name),
      (error: Error) => entered.push(`${name}: ${error.message}`),
    );
    return 'waits';
  };
  return { room, metrics, entered, enter };
}

describe("the room for one owner's events", () => {
  it('lets as many in as it has, and the next when one has left, in the order in which they asked', async () => {
    const { room, entered, enter } = world();
    const first = ['one', 'two', 'three'].map((name) => enter(name));
    expect(first).to.deep.equal(['at once', 'at once', 'at once']);
    expect([enter('four'), enter('five')]).to.deep.equal(['waits', 'waits']);
    await turn();
    expect(entered).to.deep.equal([]);
    room.leave('a', 1);
    await turn();
    expect(entered).to.deep.equal(['four']);
    room.leave('a', 1);
    await turn();
    expect(entered).to.deep.equal(['four', 'five']);
  });

  it('lets exactly as many bytes in as it has, and not one more', () => {
    const { enter } = world();
    expect([enter('one', 60), enter('two', 40)]).to.deep.equal(['at once', 'at once']);
    expect(enter('three', 1)).to.equal('waits');
  });

  it('lets an event in that is larger than all of it, alone', async () => {
    const { room, entered, enter } = world();
    expect(enter('large', 1_000)).to.equal('at once');
    expect(enter('small', 1)).to.equal('waits');
    room.leave('a', 1_000);
    await turn();
    expect(entered).to.deep.equal(['small']);
  });

  it('lets nobody overtake one that needs more', async () => {
    const { room, entered, enter } = world();
    enter('one', 60);
    expect([enter('large', 90), enter('small', 1)]).to.deep.equal(['waits', 'waits']);
    room.leave('a', 60);
    await turn();
    expect(entered).to.deep.equal(['large', 'small']);
  });

  it('holds up no other owner', () => {
    const { enter } = world();
    for (let event = 0; event < 10; event += 1) enter(`${event}`);
    expect(enter('sibling', 100, 'b')).to.equal('at once');
  });

  it('lets go whoever gives up, and in who stood behind him', async () => {
    const { entered, enter } = world();
    enter('one', 60);
    const gone = new AbortController();
    enter('large', 90, 'a', gone.signal);
    enter('small', 1);
    gone.abort(new Error('gone'));
    await turn();
    expect(entered).to.have.members(['large: gone', 'small']);
    const late = new AbortController();
    late.abort(new Error('too late'));
    enter('late', 90, 'a', late.signal);
    await turn();
    expect(entered).to.include('late: too late');
  });

  it('is forgotten when nothing of it is taken, and counts once when it becomes full', async () => {
    const { room, metrics, enter } = world();
    for (let event = 0; event < 5; event += 1) enter(`${event}`);
    expect(metrics.of('holdfast_control_owner_waits_total')).to.deep.equal([
      { name: 'holdfast_control_owner_waits_total', labels: { what: 'event' }, value: 1 },
    ]);
    for (let event = 0; event < 5; event += 1) {
      expect(room.size).to.equal(1);
      room.leave('a', 1);
      await turn();
    }
    expect(room.size).to.equal(0);
  });
});
