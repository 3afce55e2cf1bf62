import { micros } from '../../../src/domain/accounting/credits.ts';
import { answered, start, stop, update } from '../clients/requests.ts';
import type { Deed, ServerName } from './actions.ts';
import { FAIR, type SimulatedServer } from './network.ts';
import type { SimulatedNode } from './simulated-node.ts';
import type { SimulatedProcess } from './simulated-process.ts';
import type { Room, World } from './world.ts';

/** Does a deed as far as the world is in a state for it; what it begins goes on while time passes. */
export function perform(world: World, deed: Deed): void {
  switch (deed.do) {
    case 'kill':
      world.nodes[deed.node]?.process.kill();
      world.time.after(deed.forMs, () => world.run(deed.node));
      return;
    case 'pause':
      pause(world, world.nodes[deed.node]?.process, deed.forMs);
      return;
    case 'crash':
    case 'weather':
    case 'words':
      disturb(world, deed);
      return;
    case 'nothing':
      return;
    case 'grant':
    case 'adjust':
    case 'deduct':
      atNode(world, deed.node, (node) => moveMoney(world, node, deed));
      return;
    case 'stop all':
      atNode(world, deed.node, (node) => void node.userStreams.stopAll(userAt(world, deed.user)));
      return;
    default:
      performInRoom(world, deed);
  }
}

function pause(world: World, process: SimulatedProcess | undefined, forMs: number): void {
  process?.pause();
  world.time.after(forMs, () => process?.resume());
}

/** Lets a server or the words between nodes fail for a while. */
function disturb(world: World, deed: Extract<Deed, { do: 'crash' | 'weather' | 'words' }>): void {
  const { time, tail, bus } = world;
  if (deed.do === 'crash') {
    const server = serverOf(world, deed.server);
    server.crash();
    time.after(deed.forMs, () => server.restart());
  } else if (deed.do === 'weather') {
    const server = serverOf(world, deed.server);
    server.weather = deed.weather;
    time.after(deed.forMs, () => {
      server.weather = FAIR;
    });
  } else {
    const say = (losses: number, connected: boolean, drops: number): void => {
      tail.losses = losses;
      bus.become(losses, connected);
      world.connectionLosses = drops;
    };
    say(deed.losses, deed.connected, deed.drops);
    time.after(deed.forMs, () => say(0, true, 0));
  }
}

type InRoom = Extract<Deed, { chat: number }>;

function performInRoom(world: World, deed: InRoom): void {
  const room = world.rooms[deed.chat];
  if (room === undefined) return;
  const { owner, chatId } = room;
  switch (deed.do) {
    case 'start':
      atNode(world, deed.node, (node) => begin(world, node, room, deed.key));
      return;
    case 'start twice':
      for (const at of deed.nodes) atNode(world, at, (node) => begin(world, node, room, deed.key));
      return;
    case 'follow':
      atNode(world, deed.node, (node) => {
        const tab = deed.anew ? undefined : world.tabsOf(chatId).find((one) => !one.isConnected);
        void (tab ?? world.addTab(owner, chatId)).follow(node);
      });
      return;
    case 'drop':
      for (const tab of world.tabsOf(chatId)) tab.drop();
      return;
    case 'update':
      atNode(world, deed.node, (node) => {
        void update(world, { node, owner, chatId, idKind: deed.id, textKind: deed.text });
      });
      return;
    case 'stop':
      atNode(world, deed.node, (node) => void stop(world, { node, owner, chatId, idKind: deed.id }));
      return;
    case 'delete chat':
      atNode(world, deed.node, (node) => void removeChat(world, node, room));
  }
}

/** A start with a key says the same with every try, one without says something of its own. */
function begin(world: World, node: SimulatedNode, { owner, chatId }: Room, key?: number): void {
  const message = key === undefined ? `question ${world.nextNumber()}` : `keyed ${key} of ${chatId}`;
  void start(world, { node, owner, chatId, message, ...(key === undefined ? {} : { key: `key-${key}` }) });
}

async function removeChat(world: World, node: SimulatedNode, room: Room): Promise<void> {
  const { owner, chatId } = room;
  await answered(world, `removal of ${chatId}`, node.deleteChat.execute({ owner, chatId }));
  if (world.streamInvariants.isRemoved(chatId) && room.chatId === chatId) {
    for (const tab of world.tabsOf(chatId)) tab.drop();
    room.chatId = await world.newChat(owner);
  }
}

function moveMoney(
  world: World,
  { ports: { ledger } }: SimulatedNode,
  deed: Extract<Deed, { do: 'grant' | 'adjust' | 'deduct' }>,
): void {
  const userId = userAt(world, deed.user);
  const { nowMs } = world.time;
  const id = world.nextUuid();
  const act = { nowMs, actor: 'system' };
  if (deed.do === 'grant') {
    const amountMicros = micros(deed.micros);
    const given = { amountMicros, remainingMicros: amountMicros, grantedAtMs: nowMs, grantedBy: 'system' };
    const grant = { ...given, id, expiresAtMs: nowMs + deed.lifeMs, source: 'allocation' as const };
    void answered(world, 'grant', ledger.grant(userId, grant, act));
  } else if (deed.do === 'adjust') {
    const change = { id, target: { by: deed.micros }, expiresAtMs: nowMs + 10 ** 10 };
    void answered(world, 'adjustment', ledger.adjust(userId, change, act));
  } else {
    const spend = { id, amountMicros: micros(deed.micros), service: 'other' };
    void answered(world, 'deduction', ledger.deduct(userId, spend, act));
  }
}

/** Lets a request reach a node, when that serves. */
function atNode(world: World, machine: number, request: (node: SimulatedNode) => void): void {
  const node = world.nodes[machine];
  if (node?.isServing === true) node.process.after(1, () => request(node));
}

function userAt(world: World, user: number): Room['owner'] {
  const owner = world.users[user];
  if (owner === undefined) throw new Error(`there is no user ${user}`);
  return owner;
}

const serverOf = ({ state }: World, name: ServerName): SimulatedServer =>
  ({ streams: state.streamServer, ledger: state.ledgerServer, accounting: state.accountingServer })[name];
