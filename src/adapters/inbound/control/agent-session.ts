import type { AgentConnection } from '../../../application/control/agent-connections.ts';
import type { EventSource } from '../../../application/control/event-arrival.ts';
import type { Taken } from '../../../application/control/take-events.ts';
import { actorOf } from '../../../domain/audit/audit-actor.ts';
import type { AgentEventState, AgentRoute, EventClaims } from '../../../domain/control/agent-event-state.ts';
import type { AgentPrincipal } from '../../../domain/identity/principal.ts';
import { ownerOf } from '../../../domain/multiplexing/subscriber-owner.ts';
import type { AgentCloseCode, AgentLine } from './agent-line.ts';
import type { AgentServices } from './agent-services.ts';
import { AgentVoice } from './agent-voice.ts';
import { type ClientFrame, MalformedFrame, type McpServer, type SessionLogin } from './agent-wire.ts';
import { EventIntake } from './event-intake.ts';
import { eventsOf } from './incoming-event.ts';
import { OWNED_BY_OTHER, refusalOf } from './login-refusal.ts';
import { keptServers, requireLogin } from './login-rules.ts';
import { isAdmitted } from './owner-admission.ts';

/** What one session is. */
export interface AgentSessionParts {
  readonly line: AgentLine;
  readonly principal: AgentPrincipal;
  /** The server's own name of the connection, which no other ever has. */
  readonly name: string;
  readonly requestId: string;
  /** Told when the session that it asked for is another owner's. */
  readonly onConflict: () => void;
}

/** One message of the client's. */
interface Message {
  readonly read: () => ClientFrame;
  readonly receivedAtMs: number;
  /** Called once it has been acted on, or never will be. */
  readonly acted: () => void;
}

/** One agent's side of a connection: its login, its events and what it is told, whatever carries the frames. */
export class AgentSession implements AgentConnection {
  readonly name: string;
  readonly profile: string | undefined;
  readonly #services: AgentServices;
  readonly #parts: AgentSessionParts;
  readonly #voice: AgentVoice;
  readonly #intake: EventIntake;
  readonly #gone = new AbortController();
  readonly #inbox: Message[] = [];
  #login: SessionLogin | undefined;
  #route: AgentRoute;
  #isActing = false;
  /** We have closed it: what it has sent is not looked at any more. */
  #isRefused = false;
  #isClosed = false;

  constructor(services: AgentServices, parts: AgentSessionParts) {
    this.#services = services;
    this.#parts = parts;
    this.name = parts.name;
    this.profile = parts.principal.agent;
    this.#route = { owner: ownerOf(parts.principal), sessionId: '' };
    const { line } = parts;
    this.#voice = new AgentVoice({ policies: services.policies, line, profile: this.profile });
    const onTaken = (taken: Taken, claims: EventClaims, { sessionId }: EventSource): void =>
      this.#answer(taken, claims, sessionId);
    const { take, rates, room, clock } = services;
    this.#intake = new EventIntake({ take, rates, room, clock, onTaken });
  }

  get route(): AgentRoute {
    return this.#route;
  }

  get isMain(): boolean {
    return this.#login?.connectionId === '';
  }

  /** Whether it holds a session. */
  get isLoggedIn(): boolean {
    return this.#login !== undefined;
  }

  /** Whether something of what was read has not been answered or kept. */
  get isBusy(): boolean {
    return this.#isActing || this.#intake.size > 0;
  }

  /** Acts on a message when those before it have been acted on; until then no more are to come. */
  receive(read: () => ClientFrame, acted: () => void = () => undefined): void {
    if (this.#isRefused) {
      acted();
      return;
    }
    this.#inbox.push({ read, receivedAtMs: this.#services.clock.nowMs(), acted });
    if (this.#isActing) this.#parts.line.pause();
    else void this.#act();
  }

  tell(state: AgentEventState): Promise<boolean> | 'full' | 'later' {
    if (this.#isOver) return Promise.resolve(false);
    if (this.#intake.isUnderWay(state)) return 'later';
    if (this.#voice.tell(state.verdict, state.claims, state.sessionId) === 'full') return 'full';
    return this.#parts.line.confirmed();
  }

  tellPolicy(): void {
    if (this.#isOver || this.#login === undefined || !this.isMain) return;
    if (!this.#voice.isUpToDate) this.#acknowledge(this.#login);
  }

  lose(): void {
    this.close(1008, 'session_id was taken from its owner by an operator');
  }

  /** The client takes frames again. */
  onRoom(): void {
    if (!this.#isOver && this.#login !== undefined) this.#services.deliver.look(this.#route);
  }

  /** Closes the connection; what has been sent and not acted on is dropped. */
  close(code: AgentCloseCode, reason: string): void {
    if (this.#isOver) return;
    this.#isRefused = true;
    for (const { acted } of this.#inbox.splice(0)) acted();
    this.#services.metrics.count('holdfast_control_closes_total', { code: String(code) });
    this.#stop();
    this.#parts.line.close(code, reason);
  }

  /** The connection is no more. What was read before is still acted on: a client may hang up after its event. */
  closed(): void {
    this.#stop();
    this.#isClosed = true;
    void this.#services.deliver.left(this);
    if (!this.#isActing) this.#leave();
  }

  /** Nothing is sent from now on. */
  #stop(): void {
    if (this.#isOver) return;
    this.#gone.abort();
    this.#services.connections.remove(this);
  }

  get #isOver(): boolean {
    return this.#gone.signal.aborted;
  }

  async #act(): Promise<void> {
    const { line } = this.#parts;
    this.#isActing = true;
    for (let next = this.#inbox.shift(); next !== undefined; next = this.#inbox.shift()) {
      try {
        await this.#actOn(next.read(), next.receivedAtMs);
      } catch (error) {
        this.#mistake(error);
      }
      next.acted();
    }
    this.#isActing = false;
    if (this.#isClosed) this.#leave();
    else line.resume();
  }

  #mistake(error: unknown): void {
    const { log } = this.#services;
    if (error instanceof MalformedFrame) this.close(1002, error.message);
    else {
      log.error(
        { err: error, requestId: this.#parts.requestId },
        "an agent's connection was closed by a mistake",
      );
      this.close(1011, 'The server made a mistake');
    }
  }

  async #actOn(frame: ClientFrame, receivedAtMs: number): Promise<void> {
    if (frame.kind === 'login') return this.#logIn(frame.login);
    const login = this.#login;
    if (login === undefined) return this.#withoutLogin(frame);
    if (frame.kind === 'batch') {
      const events = eventsOf(frame, { profile: this.profile, source: login.source });
      const when = { receivedAtMs, gone: this.#gone.signal };
      const dropped = await this.#intake.accept(this.#sourceOf(login), events, when);
      if (dropped > 0) this.#dropped(dropped);
      return;
    }
    await this.#keepServers(keptServers(frame.servers));
  }

  /** A client that hung up while its login waited has sent what comes behind that in good faith. */
  #withoutLogin(frame: Exclude<ClientFrame, { readonly kind: 'login' }>): void {
    if (!this.#isClosed) throw new MalformedFrame('The first frame is a login');
    if (frame.kind === 'batch') this.#dropped(frame.events.length);
  }

  /** What is not kept is said again at the agent's next start. */
  async #keepServers(servers: readonly McpServer[]): Promise<void> {
    const { inventories, clock, metrics, log } = this.#services;
    try {
      if (!(await isAdmitted(this.#services, 'inventory', this.#route.owner, this.#gone.signal)))
        throw new Error('its client has gone');
      await inventories.replace(this.#route, servers, clock.nowMs());
    } catch (error) {
      metrics.count('holdfast_control_drops_total', { what: 'inventory' });
      log.warn({ err: error }, "an agent's inventory could not be kept");
    }
  }

  /** The owner is asked before anything is acknowledged; who is refused is told nothing but that. */
  async #logIn(login: SessionLogin): Promise<void> {
    const { routes, connections, deliver } = this.#services;
    requireLogin(login);
    const route = { owner: this.#route.owner, sessionId: login.sessionId };
    const isMain = login.connectionId === '';
    const isSame = this.#route.sessionId === login.sessionId;
    if (!isSame && connections.hasLeftTooMany(this)) {
      this.close(4003, 'Too many sessions by one connection');
      return;
    }
    if (!(await isAdmitted(this.#services, 'login', route.owner, this.#gone.signal))) return;
    const { principal, requestId } = this.#parts;
    try {
      await routes.enter({ route, isMain, actor: actorOf(principal), requestId });
    } catch (error) {
      this.#refuse(error);
      return;
    }
    if (this.#isRefused) {
      void routes.left({ route, isMain });
      return;
    }
    const before = this.#login && { route: this.#route, isMain: this.isMain };
    connections.leave(this, route);
    this.#login = login;
    this.#route = route;
    if (!this.#isOver) {
      this.#acknowledge(login);
      connections.add(this);
      if (isMain) deliver.look(route);
    }
    if (before !== undefined) void routes.left(before);
  }

  #refuse(error: unknown): void {
    const { metrics, log } = this.#services;
    const { code, reason } = refusalOf(error);
    metrics.count('holdfast_control_refusals_total', {
      why: reason === OWNED_BY_OTHER ? 'owned_by_other' : String(code),
    });
    if (reason === OWNED_BY_OTHER) this.#parts.onConflict();
    if (code === 1011) log.warn({ err: error }, 'an agent could not log in');
    this.close(code, reason);
  }

  #acknowledge({ source }: SessionLogin): void {
    // A connection that cannot be told of a policy must not go on under an old one.
    if (this.#voice.acknowledge(source) === 'full') this.close(1011, 'Nothing is read');
  }

  /** The session is that in which the event came: the connection may be in another one meanwhile. */
  #answer(taken: Taken, claims: EventClaims, sessionId: string): void {
    const { deliver } = this.#services;
    if (taken.kind === 'kept') {
      deliver.taken(this, taken.state, taken.isAgain);
      return;
    }
    if (taken.verdict !== undefined && !this.#isOver) this.#voice.tell(taken.verdict, claims, sessionId);
    // What the store has taken after all is what whoever asks again gets, and so does this client.
    void taken.late?.then((late) => late.kind === 'kept' && deliver.taken(this, late.state, late.isAgain));
  }

  /** What events come from: whose acts they are may change within a login. */
  #sourceOf({ source, connectionId }: SessionLogin): EventSource {
    const { profile, name } = this;
    return {
      ...this.#route,
      ...(profile === undefined ? {} : { profile }),
      actor: actorOf(this.#parts.principal),
      connectionId,
      source,
      origin: { node: this.#services.node.id, connection: name },
    };
  }

  #dropped(events: number): void {
    const { metrics, audit } = this.#services;
    metrics.count('holdfast_control_drops_total', { what: 'event' }, events);
    const actor = actorOf(this.#parts.principal);
    audit.refuse({ act: 'event.unread', outcome: 'refused', actor, facts: { events } });
  }

  #leave(): void {
    if (this.#login === undefined) return;
    const left = { route: this.#route, isMain: this.isMain };
    this.#login = undefined;
    void this.#services.routes.left(left);
  }
}
