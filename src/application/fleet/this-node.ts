import type { NodeId } from '../../domain/streaming/node-id.ts';
import { PortError } from '../ports/port-error.ts';

/** The node that this process is. */
export interface ThisNode {
  /**
   * Its present id: what drives streams here signs them with it, and it changes when others have taken it for dead.
   *
   * @throws PortError `unavailable` while it has none, because what it would sign could be taken from it at once.
   */
  readonly id: NodeId;
}

/** Its present id; undefined while it has none, between two lives of it. */
export function presentId(node: ThisNode): NodeId | undefined {
  try {
    return node.id;
  } catch (error) {
    if (error instanceof PortError) return undefined;
    throw error;
  }
}
