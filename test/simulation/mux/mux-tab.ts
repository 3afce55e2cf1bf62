import { type Frame, type Handle, OFFSET_BYTES } from '../../../src/adapters/inbound/ws/mux/frame.ts';
import type { OpenedPayload } from '../../../src/adapters/inbound/ws/mux/server-payloads.ts';
import type { UserPrincipal } from '../../../src/domain/identity/principal.ts';
import type { SubscriberId } from '../../../src/domain/multiplexing/subscriber-id.ts';
import { ownerOf } from '../../../src/domain/multiplexing/subscriber-owner.ts';
import type { MuxFleet } from './mux-fleet.ts';
import { shortName } from './mux-invariants.ts';
import type { MuxNode } from './mux-node.ts';
import { SimulatedLink } from './simulated-link.ts';

/** Reads the handle of a session from OPENED. */
export const handleOf = (digits: string): Handle => ({
  high: Number.parseInt(digits.slice(0, 8), 16),
  low: Number.parseInt(digits.slice(8), 16),
});

/** What a client knows of his session: its name, and the last token that he has read. */
interface Known {
  readonly id: SubscriberId;
  readonly sessionId: string;
  readonly token: string;
}

/** One connection of a tab's, with the copy of its session on it. */
class Line {
  readonly link: SimulatedLink;
  readonly #fleet: MuxFleet;
  readonly #tab: MuxTab;
  /** The place of the last message that came, and before the first one. */
  offset: number;
  handle: Handle | undefined;
  epoch = 0;
  id: SubscriberId | undefined;
  state: 'opening' | 'open' | 'closed' = 'opening';

  constructor(fleet: MuxFleet, tab: MuxTab, node: MuxNode) {
    this.#fleet = fleet;
    this.#tab = tab;
    this.offset = tab.offset;
    this.id = tab.known?.id;
    this.link = new SimulatedLink(fleet, node, tab.principal, {
      onFrame: (frame) => this.#onFrame(frame),
      onOver: () => {
        this.state = 'closed';
      },
    });
    const { known } = tab;
    if (known !== undefined) {
      const owner = ownerOf(tab.principal);
      fleet.invariants.shows(this.link.name, { id: known.id, owner, token: known.token });
    }
    const resume = known && { sessionId: known.sessionId, token: known.token, offset: tab.offset };
    this.link.send(undefined, 'OPEN', { ref: 'ref', kind: 'log', ...(known ? { resume } : {}) });
  }

  say(text: string): void {
    if (this.state === 'open') this.link.send(this.handle, 'DATA', Buffer.from(text));
  }

  close(): void {
    this.link.send(this.handle, 'CLOSE', { code: 1000 });
    this.state = 'closed';
  }

  cut(vanishes = false): void {
    this.state = 'closed';
    this.link.cut(vanishes);
  }

  #onFrame({ name, payload }: Frame): void {
    if (this.state === 'closed') return;
    if (name === 'OPENED') this.#onOpened(JSON.parse(payload.toString()) as OpenedPayload);
    else if (name === 'EVENT') this.#onEvent(payload);
    else if (name === 'ERROR') this.#onError((JSON.parse(payload.toString()) as { code: string }).code);
    else if (name === 'CLOSE') this.#onClose((JSON.parse(payload.toString()) as { code: number }).code);
  }

  #onOpened(payload: OpenedPayload): void {
    const { journal } = this.#fleet;
    this.state = 'open';
    this.handle = handleOf(payload.handle);
    this.epoch = payload.epoch;
    this.id = `mux:${payload.sessionId}`;
    const { name } = this.#tab;
    journal.write(
      `${name} has ${shortName(this.id)} in epoch ${this.epoch} at ${this.link.node.process.name}`,
    );
    const isWhole = payload.recovered && payload.offset === this.offset;
    journal.expect(isWhole, () => `${name} came back to another place than ${this.offset}`);
    this.#tab.opened(this, payload);
  }

  #onEvent(payload: Buffer): void {
    const { journal, messages } = this.#fleet;
    const { name } = this.#tab;
    const offset = Number(payload.readBigUInt64BE(0));
    const text = payload.subarray(OFFSET_BYTES).toString();
    const { id } = this;
    journal.expect(text.startsWith(`${name} `), () => `${name} is told “${text}”, which is another's`);
    journal.expect(offset === this.offset + 1, () => `${name} is told ${offset} behind ${this.offset}`);
    const kept = id && messages.at(id, offset);
    journal.expect(text === kept, () => `${name} is told “${text}”, and what is kept is “${kept}”`);
    this.offset = offset;
    this.#tab.acknowledged(this, text);
  }

  #onError(code: string): void {
    this.#fleet.journal.write(`${this.#tab.name} is answered ${code}`);
    if (this.state === 'opening') this.state = 'closed';
    if (code === 'session.owned_by_other') this.#tab.refused(this);
  }

  #onClose(code: number): void {
    const { id, epoch } = this;
    this.#fleet.journal.write(`${this.#tab.name} is closed by ${code} in epoch ${epoch}`);
    this.state = 'closed';
    if (id === undefined) return;
    if (code === 4501) this.#fleet.invariants.toldMoved(id, epoch);
    if (code === 4502) this.#tab.ended(id);
  }
}

/** A program with one session at a time, which takes it back anywhere and says again what was not acknowledged. */
export class MuxTab {
  readonly name: string;
  readonly principal: UserPrincipal;
  readonly #fleet: MuxFleet;
  #said = 0;
  #unacknowledged: string[] = [];
  #line: Line | undefined;
  /** Connections that it has moved away from and not cut. */
  #former: Line[] = [];
  known: Known | undefined;
  /** The place of the last message that it has. */
  offset = 0;

  constructor(fleet: MuxFleet, name: string, principal: UserPrincipal) {
    this.#fleet = fleet;
    this.name = name;
    this.principal = principal;
  }

  get isOpen(): boolean {
    return this.#line?.state === 'open';
  }

  get handle(): Handle | undefined {
    return this.#line?.handle;
  }

  /** Whether it has everything that it wants. */
  get isQuiet(): boolean {
    return this.known === undefined || (this.isOpen && this.#unacknowledged.length === 0);
  }

  /** Opens a session, or takes its own back; what it has open stays open beside it, if `keeps`. */
  connect(node: MuxNode | undefined, keeps = false): void {
    if (node?.isServing !== true) return;
    const line = this.#line;
    if (line?.state === 'open' && keeps) this.#former.push(line);
    else line?.cut();
    const what = this.known === undefined ? 'opens' : `comes back to ${shortName(this.known.id)}`;
    this.#fleet.journal.write(`${this.name} ${what} at ${node.process.name}`);
    this.#line = new Line(this.#fleet, this, node);
  }

  cut(vanishes = false): void {
    this.#line?.cut(vanishes);
    for (const line of this.#former.splice(0)) line.cut();
  }

  say(isByFormer: boolean): void {
    const line = isByFormer ? this.#former.find(({ state }) => state === 'open') : this.#line;
    if (this.known === undefined || line === undefined) return;
    this.#said += 1;
    const text = `${this.name} ${this.#said}`;
    this.#unacknowledged.push(text);
    line.say(text);
  }

  sayAgain(): void {
    for (const text of this.#unacknowledged) this.#line?.say(text);
  }

  /** Ends its session for good. */
  close(): void {
    if (this.known === undefined || this.#line?.state !== 'open') return;
    this.#fleet.invariants.wishesOver(this.known.id);
    this.#line.close();
    this.#forget();
  }

  opened(line: Line, { sessionId, resumeToken }: OpenedPayload): void {
    if (line !== this.#line) return;
    const id: SubscriberId = `mux:${sessionId}`;
    this.#fleet.invariants.isRead(id);
    this.known = { id, sessionId, token: resumeToken };
    this.sayAgain();
  }

  acknowledged(line: Line, text: string): void {
    if (line === this.#line) this.offset = line.offset;
    this.#unacknowledged = this.#unacknowledged.filter((one) => one !== text);
  }

  refused(line: Line): void {
    if (line !== this.#line || this.known === undefined) return;
    this.#fleet.invariants.toldNotHis(this.known.id, this.#fleet.time.nowMs);
    this.#forget();
  }

  ended(id: SubscriberId): void {
    this.#fleet.invariants.toldOver(id);
    if (this.known?.id === id) this.#forget();
  }

  #forget(): void {
    this.known = undefined;
    this.offset = 0;
    this.#unacknowledged = [];
  }
}
