import { randomBytes } from 'node:crypto';
import type { FleetBus, FleetListener } from '../../../../application/ports/fleet/fleet-bus.ts';
import type { ControlWord } from '../../../../domain/control/control-word.ts';
import {
  claimedMuxId,
  nameWithin,
  type SubscriberId,
} from '../../../../domain/multiplexing/subscriber-id.ts';
import { isStreamId, type StreamId } from '../../../../domain/streaming/stream-id.ts';
import type { RedisWire } from '../redis-wire.ts';
import { controlWordFrom, controlWordText } from './control-word-text.ts';

const CHANNEL = 'fleet';
const STOP = 'stop';
const REVOKED = 'revoked';
const MOVED = 'moved';
const CONTROL = 'control';

/** Carries words between nodes over Redis, and to its own node by itself; where there is no Redis only that. */
export class RedisFleetBus implements FleetBus {
  readonly #listeners = new Set<FleetListener>();
  readonly #origin = randomBytes(9).toString('base64url');
  readonly #wire: RedisWire;
  #isHearing = false;

  constructor(wire: RedisWire) {
    this.#wire = wire;
    wire.subscribe(CHANNEL, {
      onMessage: (text) => this.#hear(text),
      onActive: () => {
        this.#isHearing = true;
        this.#tell((listener) => listener.onMissed());
      },
    });
  }

  get isConnected(): boolean {
    return this.#isHearing && this.#wire.isConnected;
  }

  askToStop(id: StreamId): void {
    this.#tell((listener) => listener.onStopAsked?.(id));
    this.#wire.publish(CHANNEL, `${this.#origin} ${STOP} ${id}`);
  }

  tellRevoked(): void {
    this.#tell((listener) => listener.onRevoked?.());
    this.#wire.publish(CHANNEL, `${this.#origin} ${REVOKED}`);
  }

  tellMoved(id: SubscriberId, epoch: number): void {
    this.#tell((listener) => listener.onMoved?.(id, epoch));
    this.#wire.publish(CHANNEL, `${this.#origin} ${MOVED} ${nameWithin(id)} ${epoch}`);
  }

  tellControl(word: ControlWord): void {
    this.#tell((listener) => listener.onControl?.(word));
    this.#wire.publish(CHANNEL, `${this.#origin} ${CONTROL} ${controlWordText(word)}`);
  }

  listen(listener: FleetListener): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  #hear(text: string): void {
    const [origin, word, id = '', number] = text.split(' ');
    if (origin === this.#origin) return;
    if (word === REVOKED) this.#tell((listener) => listener.onRevoked?.());
    if (word === MOVED) this.#hearMoved(claimedMuxId(id), Number(number));
    if (word === CONTROL) this.#hearControl(controlWordFrom(id));
    if (word === STOP && isStreamId(id)) this.#tell((listener) => listener.onStopAsked?.(id));
  }

  #hearControl(word: ControlWord | undefined): void {
    if (word !== undefined) this.#tell((listener) => listener.onControl?.(word));
  }

  #hearMoved(id: SubscriberId | undefined, epoch: number): void {
    if (id === undefined || !Number.isSafeInteger(epoch)) return;
    this.#tell((listener) => listener.onMoved?.(id, epoch));
  }

  #tell(word: (listener: FleetListener) => void): void {
    for (const listener of [...this.#listeners]) word(listener);
  }
}
