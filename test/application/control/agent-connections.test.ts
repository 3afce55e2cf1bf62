import { expect } from 'chai';
import {
  type AgentConnection,
  AgentConnections,
  MAX_LEFT_SESSIONS,
} from '../../../src/application/control/agent-connections.ts';
import type { AgentRoute } from '../../../src/domain/control/agent-event-state.ts';

const route = (sessionId: string): AgentRoute => ({ owner: 'agent:night', sessionId });

/** A connection that logs in to one session after the other. */
class Wanderer implements AgentConnection {
  readonly name: string;
  readonly profile = undefined;
  readonly isMain: boolean;
  route = route('sess-0');

  constructor(name: string, isMain = true) {
    this.name = name;
    this.isMain = isMain;
  }

  tell = async (): Promise<boolean> => true;
  tellPolicy = (): void => undefined;
  lose = (): void => undefined;
}

describe("the agents' connections of a process", () => {
  const enter = (connections: AgentConnections, one: Wanderer, sessionId: string): void => {
    connections.leave(one, route(sessionId));
    one.route = route(sessionId);
    connections.add(one);
  };
  const sessionsOf = (connections: AgentConnections): string[] =>
    [...connections.routes()].map(({ sessionId }) => sessionId).sort();

  it('answer for the sessions that they have left for another, as long as they last', () => {
    const connections = new AgentConnections();
    const [one, two] = [new Wanderer('one'), new Wanderer('two', false)];
    for (const connection of [one, two]) enter(connections, connection, 'sess-1');
    enter(connections, one, 'sess-2');
    enter(connections, two, 'sess-3');
    expect(connections.has(route('sess-1'))).to.equal(true);
    expect(connections.of(route('sess-1'))).to.deep.equal([]);
    expect(connections.newestMain(route('sess-1'))).to.equal(undefined);
    expect(new Set(sessionsOf(connections))).to.deep.equal(new Set(['sess-1', 'sess-2', 'sess-3']));
    connections.remove(one);
    expect([connections.has(route('sess-1')), connections.has(route('sess-2'))]).to.deep.equal([true, false]);
    connections.remove(two);
    expect(sessionsOf(connections)).to.deep.equal([]);
    expect(connections.has(route('sess-1'))).to.equal(false);
  });

  it('leave a bounded number of sessions, of which one that they come back to counts once', () => {
    const connections = new AgentConnections();
    const one = new Wanderer('one');
    for (let session = 0; session < MAX_LEFT_SESSIONS; session += 1)
      enter(connections, one, `sess-${session}`);
    expect(connections.hasLeftTooMany(one)).to.equal(false);
    enter(connections, one, 'sess-1');
    enter(connections, one, 'sess-1');
    expect(connections.hasLeftTooMany(one)).to.equal(true);
    connections.remove(one);
    expect(connections.hasLeftTooMany(one)).to.equal(false);
  });
});
