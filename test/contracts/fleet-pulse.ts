import { expect } from 'chai';
import type { FleetPulse } from '../../src/application/ports/fleet/fleet-pulse.ts';
import { eventually } from '../support/eventually.ts';
import { NODE_1, NODE_2 } from '../support/stream-builders.ts';

/** Two nodes' pulses, and what shows whether words count as carried at the first. */
export interface PulsesUnderTest {
  readonly here: FleetPulse;
  readonly there: FleetPulse;
  countsAsConnected(): boolean;
}

/** The behaviour of every `FleetPulse`. `create` gives those of two nodes. */
export function describeFleetPulse(name: string, create: () => Promise<PulsesUnderTest>): void {
  describe(`${name} as a FleetPulse`, () => {
    let pulses: PulsesUnderTest;
    beforeEach(async () => {
      pulses = await create();
      await eventually(async () => {
        expect([pulses.here.isOpen, pulses.there.isOpen]).to.deep.equal([true, true]);
      });
    });

    it('lets every node hear who is there, itself by the same way too', async () => {
      const { here, there } = pulses;
      const heard: string[][] = [[], []];
      here.listen((id) => heard[0]?.push(id));
      there.listen((id) => heard[1]?.push(id));
      await eventually(async () => {
        here.beat(NODE_1);
        there.beat(NODE_2);
        for (const ids of heard) expect(new Set(ids)).to.deep.equal(new Set([NODE_1, NODE_2]));
      });
    });

    it('lets nobody hear any more who has left', async () => {
      const { here, there } = pulses;
      const [left, stays]: [string[], string[]] = [[], []];
      const leave = here.listen((id) => left.push(id));
      there.listen((id) => stays.push(id));
      await eventually(async () => {
        there.beat(NODE_2);
        expect([left.length > 0, stays.length > 0]).to.deep.equal([true, true]);
      });
      leave();
      const before = [left.length, stays.length];
      await eventually(async () => {
        there.beat(NODE_2);
        expect(stays.length).to.be.above((before[1] ?? 0) + 5);
      });
      expect(left.length).to.be.below((before[0] ?? 0) + 5);
    });

    it('is doubted for as long as there is a reason, and is open all the while', async () => {
      const { here } = pulses;
      expect(pulses.countsAsConnected()).to.equal(true);
      here.doubt('nobody is heard');
      expect([here.isOpen, pulses.countsAsConnected()]).to.deep.equal([true, false]);
      here.doubt('somebody is not heard');
      expect(pulses.countsAsConnected()).to.equal(false);
      here.doubt(undefined);
      expect(pulses.countsAsConnected()).to.equal(true);
    });
  });
}
