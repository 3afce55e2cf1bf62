import type { FleetPulse } from '../../../../application/ports/fleet/fleet-pulse.ts';
import type { NodeId } from '../../../../domain/streaming/node-id.ts';
import type { RedisLink } from '../redis-link.ts';

const CHANNEL = 'pulse';

/** Beats over Redis, signed and refused as all words are. */
export class RedisFleetPulse implements FleetPulse {
  readonly #link: RedisLink;

  constructor(link: RedisLink) {
    this.#link = link;
  }

  get isOpen(): boolean {
    return this.#link.isOpen;
  }

  beat(id: NodeId): void {
    this.#link.publish(CHANNEL, id);
  }

  listen(onBeat: (id: NodeId) => void): () => void {
    return this.#link.subscribe(CHANNEL, {
      onMessage: (text) => onBeat(text as NodeId),
      onActive: () => undefined,
    });
  }

  doubt(reason: string | undefined): void {
    this.#link.doubt(reason);
  }
}
