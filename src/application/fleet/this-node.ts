import type { NodeId } from '../../domain/streaming/node-id.ts';

/** The node that this process is. */
export interface ThisNode {
  /** Its present id: what drives streams here signs them with it, and it changes when others have taken it for dead. */
  readonly id: NodeId;
}
