import type { NodeId } from '../../domain/streaming/node-id.ts';

/** The node that this process is. */
export interface ThisNode {
  /**
   * Its present id: what drives streams here signs them with it, and it changes when others have taken it for dead.
   *
   * @throws PortError `unavailable` while it has none, because what it would sign could be taken from it at once.
   */
  readonly id: NodeId;
}
