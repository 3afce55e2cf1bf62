import type { NodeId } from '../../domain/streaming/node-id.ts';
import type { Clock } from '../ports/clock.ts';
import type { Leases } from '../ports/fleet/leases.ts';
import type { Log } from '../ports/log.ts';
import { nodeLeaseName, RENEWALS_PER_LIFE } from './node-lease.ts';
import type { Recovered, RecoverNode } from './recover-node.ts';
import type { ThisNode } from './this-node.ts';

interface Deps {
  readonly leases: Leases;
  readonly node: ThisNode;
  readonly recoverNode: RecoverNode;
  readonly clock: Clock;
  readonly log: Log;
  readonly lifeMs: number;
}

/** Takes the name of a node that is gone, ends what it has left, and frees the name: of several that try, one does it. */
export class TakeOver {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /**
   * `taken`: another has the name, or the node itself is back.
   *
   * @throws PortError when a store is away; the name stays taken for its life, and taking it again goes on.
   */
  async execute(gone: NodeId): Promise<Recovered | 'taken'> {
    const { leases, node, recoverNode, clock, log, lifeMs } = this.#deps;
    const name = nodeLeaseName(gone);
    const self = node.id;
    if ((await leases.hold(name, self, lifeMs)) === 'taken') return 'taken';
    let heldAtMs = clock.nowMs();
    const goesOn = async (): Promise<boolean> => {
      if (clock.nowMs() - heldAtMs < lifeMs / RENEWALS_PER_LIFE) return true;
      heldAtMs = clock.nowMs();
      return (await leases.hold(name, self, lifeMs)) !== 'taken';
    };
    const recovered = await recoverNode.execute({ node: gone, goesOn });
    await leases.release(name, self);
    if (recovered.abandoned + recovered.interrupted + recovered.stopped > 0) {
      log.warn({ node: gone, ...recovered }, 'ended the streams of a node that is gone');
    }
    return recovered;
  }
}
