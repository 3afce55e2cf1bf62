import { setTimeout as sleep } from 'node:timers/promises';
import { redisUrl } from '../support/redis.ts';
import { CrashingFleet } from './crashing-fleet.ts';
import { FleetLoad, type LoadTally } from './fleet-load.ts';
import { RunTime } from './run-time.ts';

/** Latest moment of a blow after the fleet is whole again, in milliseconds. */
const LATEST_BLOW_MS = 1_000;

/** One way to hurt a fleet. */
export interface Blow {
  /** As it is counted in the report. */
  readonly name: string;
  /** Deals it, and resolves when what was hurt is back. */
  deal(fleet: CrashingFleet, node: number): Promise<void>;
}

/** What is done to nodes. */
const NODE_BLOWS: readonly Blow[] = [
  { name: 'node killed', deal: (fleet, node) => fleet.kill(node) },
  { name: 'node paused', deal: (fleet, node) => fleet.pause(node) },
];

/** How a run is set up. */
export interface FleetCrashSettings {
  /** A database that the nodes make, and that is left when the run is over. */
  readonly mongodbUrl: string;
  /** The Redis of the nodes; the one that tests share by default. */
  readonly redisUrl?: string;
  /** What is done to the fleet; to its nodes by default, of which some streams have to be left behind then. */
  readonly blows?: readonly Blow[];
  readonly nodes: number;
  readonly points: number;
  /** When no further blow is dealt, in milliseconds; as long as the points take by default. */
  readonly withinMs?: number;
  /** Blows that are dealt all the same, however slow the machine is. */
  readonly atLeast?: number;
  /** Chats in which streams run all the time. */
  readonly chats: number;
  /** How long a silent node is waited for, in milliseconds. */
  readonly leaseMs: number;
  /** How long a node that is stopped stands still, in milliseconds; longer than its lease. */
  readonly pauseMs: number;
}

/** What a run came to. */
export interface FleetCrashReport extends LoadTally {
  /** How often each blow was dealt, by its name. */
  readonly blows: Readonly<Record<string, number>>;
}

/**
 * Deals one blow after the other under load, at random moments, and checks that every stream is resumed
 * elsewhere or honestly interrupted, that every reader has a true prefix, and that the doctor finds nothing.
 *
 * @throws BrokenByCrash naming the promise.
 */
export async function runFleetCrashes(
  settings: FleetCrashSettings,
  random: () => number,
  tell: (line: string) => void,
): Promise<FleetCrashReport> {
  const time = new RunTime(settings.withinMs);
  const { atLeast = settings.points, blows = NODE_BLOWS } = settings;
  const fleet = new CrashingFleet({ ...settings, redisUrl: settings.redisUrl ?? (await redisUrl()) });
  const load = new FleetLoad(fleet.clients, random);
  const run = async (): Promise<FleetCrashReport> => {
    await fleet.start();
    await load.start(settings.chats);
    const dealt: Record<string, number> = {};
    const left: Blow[] = [];
    // The doctor looks while the next node is hurt already: what it finds has to be whole at any moment.
    let looking = Promise.resolve();
    // A slow machine deals few blows in its time, which may all have met the same.
    const hasMetAll = (): boolean => blows !== NODE_BLOWS || load.hasMetAll;
    const points = (): number => (time.isOver && hasMetAll() ? atLeast : settings.points);
    for (let point = 1; point <= points(); point += 1) {
      await sleep(random() * LATEST_BLOW_MS);
      load.requireWhole();
      const victim = Math.floor(random() * settings.nodes);
      // Each is dealt before any is dealt again.
      if (left.length === 0) left.push(...blows);
      const [blow] = left.splice(Math.floor(random() * left.length), 1);
      if (blow === undefined) throw new Error('there is nothing to be done to the fleet');
      const what = `${point}/${settings.points}: ${blow.name}`;
      time.doing(`${what}, at node ${victim + 1}`);
      dealt[blow.name] = (dealt[blow.name] ?? 0) + 1;
      await blow.deal(fleet, victim);
      await fleet.keepLogin();
      time.doing(`${what}, the doctor's look before it`);
      await looking;
      looking = fleet.requireClean();
      looking.catch(() => undefined);
      tell(`${what}, at node ${victim + 1}`);
    }
    time.doing("the doctor's last look under load");
    await looking;
    time.doing('the end of the last streams');
    const tally = await load.finish();
    time.doing('the look at what is left');
    await fleet.requireQuiet();
    return { ...tally, blows: dealt };
  };
  return time.hold(run, async () => {
    load.abandon();
    await fleet.stop();
  });
}
