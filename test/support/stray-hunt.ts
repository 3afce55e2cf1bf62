import type { Handle } from '../../src/adapters/inbound/ws/mux/frame.ts';
import type { MuxConnection } from '../../src/adapters/inbound/ws/mux/mux-connection.ts';
import type { UserId } from '../../src/domain/identity/ids.ts';
import { nameWithin } from '../../src/domain/multiplexing/subscriber-id.ts';
import { SeededRandom } from '../simulation/world/seeded-random.ts';
import { Marks, type Stray } from './marks.ts';
import { handleOf } from './mux-client.ts';
import { anna, MuxWorld } from './mux-world.ts';
import type { ScriptedSocket } from './scripted-socket.ts';

const NO_RATE = { tokens: 1_000_000, perMs: 1, burst: 1_000_000 };
const CONNECTIONS = 50;
/** Most sessions of a connection that are open at once. */
const SESSIONS = 20;
/** People, each with as many of the connections. */
const OWNERS = 5;
/** Messages between two looks at what has come. */
const LOOK_EVERY = 500;

/** What a hunt came to. */
export interface Hunt {
  readonly sent: number;
  readonly arrived: number;
  readonly strayed: number;
  readonly strays: readonly Stray[];
  /** Attempts to take over by a leaked id and token, and how many of them were not refused with the one error. */
  readonly thefts: number;
  readonly stolen: number;
  /** How often each other thing was done. */
  readonly acts: Readonly<Record<string, number>>;
}

interface Place {
  readonly socket: ScriptedSocket;
  readonly connection: MuxConnection;
  readonly name: string;
  readonly owner: number;
}
interface Session {
  /** What all of its payloads bear: its lasting name. */
  readonly mark: string;
  readonly owner: number;
  token: string;
  on: Place | undefined;
  at: Handle;
}

/** Opens, closes, moves, cuts, kicks, steals and sends on 50 connections × 20 sessions, as a seed decides. */
class StrayHunt {
  readonly #random: SeededRandom;
  readonly #marks = new Marks();
  readonly #world = new MuxWorld({
    sessionRate: NO_RATE,
    connectionRate: NO_RATE,
    openRate: NO_RATE,
    maxConnectionsPerPrincipal: CONNECTIONS,
    maxSessionsPerConnection: 2 * SESSIONS,
  });
  readonly #places: Place[] = [];
  #open: Session[] = [];
  #detached: Session[] = [];
  readonly #acts: Record<string, number> = {};
  #connected = 0;
  #sent = 0;
  #thefts = 0;
  #stolen = 0;

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
    for (let count = 0; count < CONNECTIONS; count += 1) this.#places.push(this.#connect(count % OWNERS));
  }

  async run(messages: number): Promise<Hunt> {
    while (this.#sent < messages) {
      await this.#act();
      if (this.#sent % LOOK_EVERY === 0) await this.#look();
    }
    await this.#look();
    const { arrived, strayed, strays } = this.#marks;
    const [thefts, stolen] = [this.#thefts, this.#stolen];
    return { sent: this.#sent, arrived, strayed, strays, thefts, stolen, acts: this.#acts };
  }

  async #act(): Promise<void> {
    const what = this.#random.fraction();
    const isEmpty = this.#open.length < (CONNECTIONS * SESSIONS) / 2;
    if (this.#open.length < CONNECTIONS || what < 0.006 || (isEmpty && what > 0.9)) await this.#openOne();
    else if (what < 0.008) this.#close(1000);
    else if (what < 0.009) this.#close(1001);
    else if (what < 0.012) await this.#resume();
    else if (what < 0.014) await this.#steal();
    else if (what < 0.015) this.#kick();
    else if (what < 0.0155) this.#cut();
    else if (what < 0.025) this.#lie();
    else this.#send();
  }

  #connect(owner: number): Place {
    const principal = { ...anna(`login-${owner}`), userId: `user-${owner}` as UserId };
    const { socket, connection } = this.#world.connectAs(principal);
    this.#connected += 1;
    return { socket, connection, name: `c${this.#connected}`, owner };
  }

  async #openOne(): Promise<void> {
    const on = this.#pick(this.#places);
    if (this.#open.filter((session) => session.on === on).length >= SESSIONS) return;
    const opened = await this.#world.open(on.socket);
    this.#count('open');
    const session: Session = {
      mark: opened.sessionId,
      owner: on.owner,
      token: opened.resumeToken,
      on,
      at: opened.at,
    };
    this.#marks.own(`${on.name} ${opened.handle}`, session.mark);
    this.#open.push(session);
  }

  /** The client closes a session: for good by 1000, and to come back to it by another code. */
  #close(code: number): void {
    const session = this.#takeOpen();
    session.on?.socket.send(session.at, 'CLOSE', { code, reason: '' });
    if (code !== 1000) this.#detach(session);
    this.#count(`close ${code}`);
  }

  /** Its owner takes a session back, or moves one that he has. */
  async #resume(): Promise<void> {
    const isMove = this.#detached.length === 0 || this.#random.fraction() < 0.5;
    const session = isMove ? this.#takeOpen() : this.#takeFrom(this.#detached);
    const on = this.#pick(this.#places.filter(({ owner }) => owner === session.owner));
    const resume = { sessionId: session.mark, token: session.token, offset: 0 };
    const opened = await this.#world.open(on.socket, { resume });
    Object.assign(session, { on, at: opened.at, token: opened.resumeToken });
    this.#marks.own(`${on.name} ${opened.handle}`, session.mark);
    this.#open.push(session);
    this.#count(isMove ? 'move' : 'come back');
  }

  /** Somebody else has learnt id and token, and asks for the session. */
  async #steal(): Promise<void> {
    const all = [...this.#open, ...this.#detached];
    const session = this.#pick(all);
    const thief = this.#pick(this.#places.filter(({ owner }) => owner !== session.owner));
    this.#thefts += 1;
    const ref = `theft-${this.#thefts}`;
    const resume = { sessionId: session.mark, token: session.token, offset: 0 };
    thief.socket.send(undefined, 'OPEN', { ref, kind: 'echo', resume });
    await this.#world.settle();
    const answer = thief.socket.received.find(({ json }) => json?.ref === ref);
    if (answer?.name === 'ERROR' && answer.json.code === 'session.owned_by_other') return;
    this.#stolen += 1;
    // Whatever comes on it now is a stray.
    if (answer?.name === 'OPENED')
      Object.assign(session, { on: thief, at: handleOf(answer.json.handle as string) });
  }

  #kick(): void {
    const session = this.#takeOpen();
    const { connection } = session.on as Place;
    for (const held of [...connection.sessions()]) {
      if (nameWithin(held.id) === session.mark) connection.closeSession(held, 4502, 'Kicked');
    }
    this.#count('kick');
  }

  #cut(): void {
    const at = Math.floor(this.#random.fraction() * this.#places.length);
    const lost = this.#places[at] as Place;
    lost.socket.lose();
    this.#takeIn(lost);
    const left = this.#open.filter(({ on }) => on === lost);
    this.#open = this.#open.filter(({ on }) => on !== lost);
    for (const session of left) this.#detach(session);
    this.#places[at] = this.#connect(lost.owner);
    this.#count('cut');
  }

  /** A client is wrong about a handle, or lies: it sends on another connection's, or on nobody's. */
  #lie(): void {
    const { at } = this.#pick(this.#open);
    const liar = this.#pick(this.#places);
    const isOwn = this.#open.some((session) => session.on === liar && session.at.low === at.low);
    const flipped = { high: (at.high ^ 1) >>> 0, low: at.low };
    liar.socket.send(isOwn ? flipped : at, 'DATA', Buffer.from('a lie'));
    this.#count('lie');
  }

  #send(): void {
    const { on, at, mark } = this.#pick(this.#open);
    this.#sent += 1;
    on?.socket.send(at, 'DATA', Buffer.from(this.#marks.payloadOf(mark, this.#sent)));
  }

  async #look(): Promise<void> {
    await this.#world.settle();
    for (const place of this.#places) this.#takeIn(place);
  }

  #takeIn({ socket, name }: Place): void {
    for (const frame of socket.received.splice(0))
      if (frame.name === 'DATA') this.#marks.take(`${name} ${frame.handle}`, frame.bytes.toString());
  }

  #detach(session: Session): void {
    session.on = undefined;
    this.#detached.push(session);
  }

  #takeOpen(): Session {
    return this.#takeFrom(this.#open);
  }

  #takeFrom(sessions: Session[]): Session {
    const at = Math.floor(this.#random.fraction() * sessions.length);
    const [session] = sessions.splice(at, 1);
    return session as Session;
  }

  #pick<Item>(items: readonly Item[]): Item {
    return items[Math.floor(this.#random.fraction() * items.length)] as Item;
  }

  #count(act: string): void {
    this.#acts[act] = (this.#acts[act] ?? 0) + 1;
  }
}

/** Hunts for messages that reach another session than their own. */
export const huntStrays = (seed: number, messages: number): Promise<Hunt> =>
  new StrayHunt(seed).run(messages);
